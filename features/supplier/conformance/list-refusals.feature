@conformance @parallel
Feature: Lists that are refused
  Limits outside 1 to 2,500 and parameters that are not in the specification.

  Scenario: Lists are asked for in ways that are refused
    When the harness sends the probes of these checks
      | C-LIST-LIMIT-0           | limit=0              |
      | C-LIST-LIMIT-NEGATIVE    | limit=-1             |
      | C-LIST-LIMIT-2501        | limit=2501           |
      | C-LIST-LIMIT-TEXT        | limit=abc            |
      | C-LIST-UNKNOWN-PARAMETER | An unknown parameter |
    Then these checks hold
