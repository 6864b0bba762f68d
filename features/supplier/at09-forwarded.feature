@AT9 @mandatory @stateful @seeded @parallel
Feature: AT9 Forward accessible formats to a specialist
  Large print, braille and audio letters are accepted and passed on to a specialist, with a reason.
  From then on this supplier does not produce them.

  Scenario: AT9 Accessible letters are forwarded
    Given the supplier has accepted 6 letters in accessible formats
    When the supplier forwards these letters to a specialist
    And the supplier looks up each of these letters until it is FORWARDED
    Then criterion AT9.1 holds
    And criterion AT9.2 holds
    And criterion AT9.3 holds
    And criterion AT9.4 holds
    And criterion AT9.5 holds
    And criterion AT9.6 holds
