@AT8 @optional @stateful @seeded @parallel
Feature: AT8 Report letters as DELIVERED
  Optional: only where the workflow knows of delivery. Letters come from DISPATCHED, or straight
  from ACCEPTED, PRINTED or ENCLOSED.

  Scenario: AT8 Letters are delivered
    Given the supplier has accepted 12 ordinary letters
    When the supplier takes these letters through PRINTED, ENCLOSED and DISPATCHED
    And the supplier reports these letters as DELIVERED one by one
    And the supplier looks up each of these letters until it is DELIVERED
    Then criterion AT8.1 holds
    And criterion AT8.2 holds
    And criterion AT8.3 holds
    And criterion AT8.4 holds
    And criterion AT8.5 holds
