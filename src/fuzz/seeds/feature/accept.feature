@AT4 @mandatory @parallel
Feature: AT4 Accept a list of letters in one update
  Prose.

  Background:
    Given a supplier with credentials for this target

  Scenario: AT4 A list is accepted
    When the supplier receives a list of 1,000 letters
    And the supplier accepts the listed letters in one update
    And the supplier looks up each of these letters until it is ACCEPTED
    Then criterion AT4.1 holds
