@AT10 @mandatory @stateful @seeded @parallel
Feature: AT10 Report letters as RETURNED
  Letters that come back from the post are reported with one of ten return reasons, each with its
  own text. They come from DISPATCHED or DELIVERED.

  Scenario: AT10 Letters come back for every return reason
    Given the supplier has accepted 20 ordinary letters
    When the supplier reports these letters as DISPATCHED in one update
    And the supplier looks up each of these letters until it is DISPATCHED
    And the supplier reports the first 10 of these letters as DELIVERED in one update
    And the supplier looks up the first 10 of these letters until each is DELIVERED
    And the supplier reports these letters as RETURNED, each return reason in turn
    And the supplier looks up each of these letters until it is RETURNED
    Then criterion AT10.1 holds
    And criterion AT10.2 holds
    And criterion AT10.3 holds
    And criterion AT10.4 holds
    And criterion AT10.5 holds
