@conformance @parallel
Feature: Reading the service and its letters
  What exists is read; what does not exist is not found.

  Scenario: Letters and other addresses are read
    When the harness sends the probes of these checks
      | C-STATUS          | The service says that it is up              |
      | C-ROUTE-UNKNOWN   | A path that does not exist                    |
      | C-METHOD-UNKNOWN  | A method that does not exist                  |
      | C-LETTER          | A letter                                    |
      | C-LETTER-SAME     | The answer is about the letter asked for |
      | C-LETTER-UNKNOWN  | A letter that does not exist                  |
      | C-LETTER-FOREIGN  | A letter of another supplier                |
      | C-LETTER-LISTED   | A listed letter can be read                 |
      | C-LETTER-CONSTANT | A letter's details stay the same                   |
    Then these checks hold
