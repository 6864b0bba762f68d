@conformance @parallel
Feature: Management information
  Records within and beyond what the specification allows.

  Scenario: Records are submitted and read back
    When the harness sends the probes of these checks
      | C-MI                        | A full record                           |
      | C-MI-MINIMAL                | A record of required fields only        |
      | C-MI-TIMESTAMP-MICROSECONDS | A timestamp with microseconds           |
      | C-MI-TIMESTAMP-TEXT         | An invalid timestamp                    |
      | C-MI-TIMESTAMP-DATE-ONLY    | A date without a time                   |
      | C-MI-TIMESTAMP-31-FEBRUARY  | The 31st of February                    |
      | C-MI-TIMESTAMP-OFFSET       | A timestamp with an offset              |
      | C-MI-TIMESTAMP-FUTURE       | A timestamp in the future               |
      | C-MI-QUANTITY-NEGATIVE      | A negative quantity                     |
      | C-MI-QUANTITY-FRACTION      | Half a letter                           |
      | C-MI-QUANTITY-TEXT          | A quantity that is text                 |
      | C-MI-LINE-ITEM-MISSING      | No line item                            |
      | C-MI-LINE-ITEM-EMPTY        | An empty line item                      |
      | C-MI-UNKNOWN-ATTRIBUTE      | An unknown attribute                    |
      | C-MI-TYPE-WRONG             | Another type                            |
      | C-MI-MALFORMED              | Malformed JSON                          |
      | C-MI-NO-BODY                | No body                                 |
      | C-MI-READ                   | A record read back                      |
      | C-MI-READ-UNKNOWN           | A record that does not exist              |
      | C-MI-SAME                   | A record reads back as it was submitted |
      | C-MI-ID                     | Each record has its own id           |
    Then these checks hold
