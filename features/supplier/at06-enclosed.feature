@AT6 @optional @stateful @seeded @parallel
Feature: AT6 Report letters as ENCLOSED
  Optional: only where the workflow reports enclosing. Letters come from ACCEPTED or PRINTED.

  Scenario: AT6 Accepted and printed letters are enclosed
    Given the supplier has accepted 10 ordinary letters
    When the supplier reports the first 5 of these letters as PRINTED in one update
    And the supplier looks up the first 5 of these letters until each is PRINTED
    And the supplier reports these letters as ENCLOSED in one update
    And the supplier looks up each of these letters until it is ENCLOSED
    Then criterion AT6.1 holds
    And criterion AT6.2 holds
    And criterion AT6.5 holds
