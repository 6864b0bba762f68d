@conformance @afterwards
Feature: Updating as many letters at once as the API takes
  The API works through its updates one after another, so a supplier's own updates would have to
  wait behind these. They are sent when no supplier's test is running.

  Scenario: The longest update is sent
    When the harness sends the probes of these checks
      | C-BULK-2500 | 2,500 letters |
    Then these checks hold
