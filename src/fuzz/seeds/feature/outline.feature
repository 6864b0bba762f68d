@AT5
Feature: own
  Scenario Outline: <count> letters
    Given the supplier has accepted <count> ordinary letters
    When the supplier reports the first <first> of these letters as PRINTED one by one

    Examples:
      | count | first |
      | 10    | 5     |
      | 3     | <count> |
