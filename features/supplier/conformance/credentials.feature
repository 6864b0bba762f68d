@conformance @parallel @authenticated
Feature: Credentials
  Calls without a token or with an invalid one, and requests for a token whose assertion must be
  refused.

  Scenario: Calls are made without right credentials
    When the harness sends the probes of these checks
      | C-BEARER-ABSENT   | No token                               |
      | C-BEARER-UNKNOWN  | A token nobody was given               |
      | C-BEARER-SCHEME   | Another scheme                         |
      | C-BEARER-KEPT     | A token is good until its end          |
      | C-BEARER-EXPIRED  | A token past its end                   |
      | C-TOKEN-SIGNATURE | An assertion under another's signature |
      | C-TOKEN-EXPIRED   | An assertion of the past               |
      | C-TOKEN-AUDIENCE  | An assertion for somebody else         |
      | C-TOKEN-ALGORITHM | An assertion without a signature       |
      | C-TOKEN-REPLAY    | An assertion used again                |
    Then these checks hold
