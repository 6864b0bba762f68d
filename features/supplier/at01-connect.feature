@AT1 @mandatory
Feature: AT1 Connect securely through the API gateway
  Before anything else a supplier shows that its credentials work and that it reaches the
  service over a safe connection. It takes its daily list with the same call, since every list
  hides its letters for a time.

  Scenario: AT1 A supplier reaches the service and its letters
    Given a supplier with credentials for this target
    When the supplier asks whether the service is up
    And the supplier receives its daily list
    Then criterion AT1.1 holds
    And criterion AT1.2 holds
    And criterion AT1.3 holds
    And criterion AT1.4 holds
    And criterion AT1.5 holds
