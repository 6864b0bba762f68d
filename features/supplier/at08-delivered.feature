@AT8 @optional @stateful @seeded @parallel
Feature: AT8 Report letters as DELIVERED
  Optional: only where the workflow knows of delivery. Letters come from DISPATCHED, or straight
  from ACCEPTED, PRINTED or ENCLOSED.

  Scenario: AT8 Letters are delivered along the shorter flows
    Given the supplier has accepted 4 ordinary letters
    When the supplier reports the first 2 of these letters as PRINTED in one update
    And the supplier looks up the first 2 of these letters until each is PRINTED
    And the supplier reports the other letters as ENCLOSED in one update
    And the supplier looks up the other letters until each is ENCLOSED
    And the supplier reports these letters as DISPATCHED in one update
    And the supplier looks up each of these letters until it is DISPATCHED
    And the supplier reports these letters as DELIVERED in one update
    And the supplier looks up each of these letters until it is DELIVERED
    Then criterion AT8.2 holds

  Scenario: AT8 Letters are delivered along the whole flow
    Given the supplier has accepted 12 ordinary letters
    When the supplier takes these letters through PRINTED, ENCLOSED and DISPATCHED
    And the supplier reports these letters as DELIVERED one by one
    And the supplier looks up each of these letters until it is DELIVERED
    Then criterion AT8.1 holds
    And criterion AT8.2 holds
    And criterion AT8.5 holds
