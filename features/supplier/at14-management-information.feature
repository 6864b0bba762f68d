@AT14 @mandatory @stateful @seeded @afterwards
Feature: AT14 Submit management information and reconcile it
  What was produced is reported by specification and group, once for each reporting date, and
  read back where the target allows it.

  Scenario: AT14 Dispatched letters are reported and reconciled
    Given the supplier has dispatched letters, at least 10
    When the supplier submits management information for the letters that it has dispatched
    And the supplier reads its management information back
    Then criterion AT14.1 holds
    And criterion AT14.2 holds
    And criterion AT14.3 holds
    And criterion AT14.4 holds
