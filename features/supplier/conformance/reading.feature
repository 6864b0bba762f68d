@conformance @parallel
Feature: Reading the service and its letters
  What is there is read, what is not there is not found.

  Scenario: Letters and other addresses are read
    When the harness sends the probes of these checks
      | C-STATUS          | The service says that it is up              |
      | C-ROUTE-UNKNOWN   | A path that is not there                    |
      | C-METHOD-UNKNOWN  | A method that is not there                  |
      | C-LETTER          | A letter                                    |
      | C-LETTER-SAME     | The letter asked for is the letter answered |
      | C-LETTER-UNKNOWN  | A letter that is not there                  |
      | C-LETTER-FOREIGN  | A letter of another supplier                |
      | C-LETTER-LISTED   | A listed letter can be read                 |
      | C-LETTER-CONSTANT | A letter stays what it is                   |
    Then these checks hold
