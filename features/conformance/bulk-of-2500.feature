@conformance @afterwards
Feature: Updating as many letters at once as the API takes
  The API processes updates one after another, so a supplier's would have to wait:
  these are sent when no supplier's test is running.

  Scenario: The longest update is sent
    When the harness sends the probes of these checks
      | C-BULK-2500 | 2,500 letters |
    Then these checks hold
