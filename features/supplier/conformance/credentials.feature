@conformance @parallel @authenticated
Feature: Credentials
  Calls without a token or with an invalid one, and requests for a token whose assertion must be
  refused.

  Scenario: Calls are made without right credentials
    When the harness sends the probes of these checks
      | C-BEARER-ABSENT   | No token                               |
      | C-BEARER-UNKNOWN  | A token that was never issued               |
      | C-BEARER-SCHEME   | Another scheme                         |
      | C-BEARER-KEPT     | A token works until it expires          |
      | C-BEARER-EXPIRED  | An expired token                   |
      | C-TOKEN-SIGNATURE | An assertion with a wrong signature |
      | C-TOKEN-EXPIRED   | An expired assertion               |
      | C-TOKEN-AUDIENCE  | An assertion for another endpoint         |
      | C-TOKEN-ALGORITHM | An assertion without a signature       |
      | C-TOKEN-REPLAY    | An assertion used again                |
    Then these checks hold
