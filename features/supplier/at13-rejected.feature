@AT13 @optional @stateful @seeded @parallel
Feature: AT13 Reject letters that cannot be accepted
  Optional. Letters with an unknown or missing specification, or without a PDF, are rejected while
  they are PENDING, with a code and a reason, and never accepted.

  Scenario: AT13 Unfit letters are rejected before they are accepted
    Given the supplier has found the letters that it cannot accept
    When the supplier rejects the letters that it cannot accept
    And the supplier looks up each of these letters until it is REJECTED
    Then criterion AT13.1 holds
    And criterion AT13.2 holds
    And criterion AT13.3 holds
    And criterion AT13.4 holds
    And criterion AT13.5 holds
    And criterion AT13.6 holds
