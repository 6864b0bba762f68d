@conformance @parallel @authenticated
Feature: Credentials
  Calls without a token, or with one that is none.

  Scenario: Calls are made without right credentials
    When the harness sends the probes of these checks
      | C-BEARER-ABSENT  | No token                 |
      | C-BEARER-UNKNOWN | A token nobody was given |
      | C-BEARER-SCHEME  | Another scheme           |
    Then these checks hold
