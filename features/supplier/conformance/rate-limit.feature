@conformance @afterwards
Feature: The rate limit
  More calls within one second than the limit allows, when nobody else is calling.

  Scenario: The limit is exceeded once
    When the harness sends the probes of these checks
      | C-LIMIT | Beyond the rate limit |
    Then these checks hold
