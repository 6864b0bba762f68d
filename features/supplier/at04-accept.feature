@AT4 @mandatory @stateful @seeded @parallel
Feature: AT4 Accept a list of letters in one update
  The supplier accepts a list of 1,000 letters with a single bulk update. Updates are queued, so
  only looking up each letter shows that it was accepted; its absence from a later list does not.

  Scenario: AT4 A list of 1,000 letters is accepted in one update
    Given the supplier has letters waiting that show in a list
    And the supplier has no decision under way that a list would not show
    When the supplier receives a list of 1,000 letters
    And the supplier accepts the listed letters in one update
    And the supplier looks up each of these letters until it is ACCEPTED
    And the supplier receives another list of 1,000 letters
    And the supplier reports the letters that it cannot produce as FAILED
    And the supplier looks up each of these letters until it is FAILED
    Then criterion AT4.1 holds
    And criterion AT4.2 holds
    And criterion AT4.3 holds
    And criterion AT4.4 holds
    And criterion AT4.5 holds
    And criterion AT4.6 holds
