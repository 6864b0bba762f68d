@conformance @afterwards
Feature: Lists of waiting letters
  A list hides its letters for the visibility timeout, so these are asked for when no
  supplier's test needs them.

  Scenario: Lists are asked for with every kind of limit
    When the harness sends the probes of these checks
      | C-LIST                   | A list                           |
      | C-LIST-LIMIT-1           | limit=1                          |
      | C-LIST-LIMIT-FRACTION    | limit=1.5                        |
      | C-LIST-LIMIT-HEXADECIMAL | limit=0x10                       |
      | C-LIST-LIMIT-EXPONENT    | limit=1e1                        |
      | C-LIST-LIMIT-REPEATED    | limit given twice                |
      | C-LIST-WITHIN-LIMIT      | No list is longer than asked for |
      | C-LIST-UNIQUE            | No list names a letter twice     |
      | C-LIST-PENDING           | Lists hold PENDING letters only  |
      | C-LIST-ORDER             | Lists keep their order           |
      | C-LIST-HIDES             | Listed letters are hidden        |
      | C-LIST-LAG               | Accepted letters leave the list  |
      | C-LIST-COMPLETE          | No waiting letter is missing from the lists |
      | C-REQUEST-ID-EMPTY       | An empty X-Request-ID            |
      | C-REQUEST-ID-NOT-GUID    | An X-Request-ID that is not a GUID  |
      | C-LIST-LIMIT-ABSENT      | A list without a limit           |
      | C-LIST-LIMIT-2500        | limit=2500                       |
      | C-LIST-LIMIT-EMPTY       | limit without a value            |
    Then these checks hold
