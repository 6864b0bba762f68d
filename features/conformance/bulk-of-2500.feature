@conformance @afterwards
Feature: Updating as many letters at once as the API takes
  The API works its updates off one after another, so that those of a supplier would have to wait:
  these are sent when no supplier's test is under way.

  Scenario: The longest update is sent
    When the harness sends the probes of these checks
      | C-BULK-2500 | 2,500 letters |
    Then these checks hold
