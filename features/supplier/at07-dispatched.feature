@AT7 @mandatory @stateful @seeded @parallel
Feature: AT7 Report letters as DISPATCHED
  Letters handed to the carrier are reported as DISPATCHED, here both singly and in bulk; either is
  enough. A letter may be dispatched from ACCEPTED, PRINTED or ENCLOSED.

  Scenario: AT7 Accepted letters are dispatched
    Given the supplier has accepted 20 ordinary letters
    When the supplier reports the first 10 of these letters as DISPATCHED one by one
    And the supplier reports the other letters as DISPATCHED in one update
    And the supplier looks up each of these letters until it is DISPATCHED
    Then criterion AT7.1 holds
    And criterion AT7.2 holds
