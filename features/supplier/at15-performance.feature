@AT15 @mandatory @stateful @seeded @last
Feature: AT15 Receive the whole list at speed
  The whole queue is received: lists of 500, each accepted in one update, every PDF fetched and
  checked, until nothing is left. Three times; the best time counts.

  Scenario: AT15 The whole queue is taken in three times
    Given the queue is seeded again where the target allows it
    When the supplier receives the whole queue in lists of 500
    And the queue is seeded again where the target allows it
    And the supplier receives the whole queue in lists of 500
    And the queue is seeded again where the target allows it
    And the supplier receives the whole queue in lists of 500
    Then criterion AT15.1 holds
    And criterion AT15.2 holds
    And criterion AT15.3 holds
    And criterion AT15.4 holds
    And criterion AT15.5 holds
    And criterion AT15.6 holds
    And criterion AT15.7 holds
