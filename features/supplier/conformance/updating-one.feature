@conformance @parallel
Feature: Updating one letter
  Valid and invalid updates of a single letter. A few letters from the end of the queue are used
  up.

  Scenario: Letters are updated one by one
    When the harness sends the probes of these checks
      | C-PATCH                         | An update of one letter            |
      | C-PATCH-REPEATED                | The same update again              |
      | C-LETTER-KEPT                   | A status that was read is kept           |
      | C-PATCH-STATUS-UNKNOWN          | An unknown status                  |
      | C-PATCH-STATUS-MISSING          | No status                          |
      | C-PATCH-ATTRIBUTES-MISSING      | No attributes                      |
      | C-PATCH-TYPE-WRONG              | Another type                       |
      | C-PATCH-ID-MISMATCH             | Another id in the body             |
      | C-PATCH-UNKNOWN-ATTRIBUTE       | An unknown attribute               |
      | C-PATCH-UNKNOWN-PROPERTY        | An unknown property                |
      | C-PATCH-UNKNOWN-MEMBER          | An unknown member of the document  |
      | C-PATCH-MALFORMED               | Malformed JSON                     |
      | C-PATCH-EMPTY-OBJECT            | An empty document                  |
      | C-PATCH-LIST                    | A list for one letter              |
      | C-PATCH-NO-BODY                 | No body                            |
      | C-PATCH-DEEP                    | Deeply nested JSON                 |
      | C-PATCH-DUPLICATE-KEY           | A key given twice                  |
      | C-PATCH-UNKNOWN-LETTER          | A letter that does not exist         |
      | C-PATCH-FOREIGN                 | A letter of another supplier       |
      | C-PATCH-PENDING                 | PENDING sent by a supplier         |
      | C-PATCH-RETURNED-NO-REASON      | RETURNED without a reason          |
      | C-PATCH-RETURNED-UNKNOWN-REASON | RETURNED with an unknown code      |
      | C-PATCH-ILLEGAL-MOVE            | A move that is not in the lifecycle |
    Then these checks hold
