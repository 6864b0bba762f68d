@AT5 @optional @stateful @seeded @parallel
Feature: AT5 Report letters as PRINTED
  Optional: only where the workflow reports printing. Letters come from ACCEPTED.

  Scenario: AT5 Accepted letters are printed
    Given the supplier has accepted 10 ordinary letters
    When the supplier reports the first 5 of these letters as PRINTED one by one
    And the supplier reports the other letters as PRINTED in one update
    And the supplier looks up each of these letters until it is PRINTED
    Then criterion AT5.1 holds
    And criterion AT5.2 holds
    And criterion AT5.3 holds
    And criterion AT5.5 holds
