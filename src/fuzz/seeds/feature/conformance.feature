@conformance @last
Feature: c
  # a comment
  Scenario: probes
    Given a supplier with credentials for this target
    When these checks are made
      | C-LIST-LIMIT-0 | A limit of 0 is refused |
