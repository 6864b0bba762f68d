@AT3 @mandatory @stateful @seeded
Feature: AT3 Receive the same list twice without doing the work twice
  The deployed API hides a listed letter for a time. So "the same list again" is asked for twice:
  at once, when the letters may be hidden, and after the visibility timeout, when they show again.
  Either way no update may be sent twice for a letter.

  Scenario: AT3 A repeated list starts no second job
    Given the supplier has received its daily list
    When the supplier prepares the print jobs of the first 25 letters listed
    And the supplier receives its daily list again at once
    And the supplier receives its daily list again when the letters show again
    And the supplier prepares the print jobs of the first 25 letters listed, none a second time
    And the supplier accepts the letters it has prepared
    And the supplier looks up each of these letters until it is ACCEPTED
    Then criterion AT3.1 holds
    And criterion AT3.3 holds
    And criterion AT3.5 holds
    And criterion AT3.6 holds
