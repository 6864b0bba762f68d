@AT2 @mandatory @seeded
Feature: AT2 Receive the whole daily list
  NHS Notify has seeded the target. The supplier takes the whole day's list in one call, and no
  letter may be missing from it or appear in it twice.

  Scenario: AT2 The whole list arrives in one call
    Given a supplier with credentials for this target
    When the supplier receives its daily list unless it holds it already
    Then criterion AT2.1 holds
    And criterion AT2.2 holds
    And criterion AT2.3 holds
    And criterion AT2.4 holds
    And criterion AT2.5 holds
