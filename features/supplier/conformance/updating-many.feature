@conformance @parallel
Feature: Updating many letters at once
  Valid and invalid bulk updates, for unknown letters.

  Scenario: Letters are updated in bulk
    When the harness sends the probes of these checks
      | C-BULK                   | An update of many letters        |
      | C-BULK-NONE              | No letters                       |
      | C-BULK-1                 | One letter                       |
      | C-BULK-2501              | 2,501 letters                    |
      | C-BULK-LONG-REASON       | A very long reason               |
      | C-BULK-DEEP              | Deeply nested JSON               |
      | C-BULK-DUPLICATE-IDS     | A letter twice                   |
      | C-BULK-ONE-BAD           | One invalid item of two              |
      | C-BULK-STATUS-UNKNOWN    | An unknown status                |
      | C-BULK-UNKNOWN-ATTRIBUTE | An unknown attribute             |
      | C-BULK-NOT-A-LIST        | One letter instead of a list |
      | C-BULK-MALFORMED         | Malformed JSON                   |
      | C-BULK-EMPTY-OBJECT      | An empty document                |
      | C-BULK-NO-BODY           | No body                          |
      | C-BULK-PENDING           | PENDING sent by a supplier       |
    Then these checks hold
