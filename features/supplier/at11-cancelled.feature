@AT11 @mandatory @stateful @seeded @parallel
Feature: AT11 Cancel letters on request
  NHS Notify asks for some letters to be stopped, by a list outside the API. What is not yet
  dispatched or delivered is cancelled with a code and a reason, and production stops.

  Scenario: AT11 Letters named in a list by e-mail are cancelled
    Given the supplier has accepted 9 ordinary letters
    When the supplier reports the first 6 of these letters as PRINTED in one update
    And the supplier looks up the first 6 of these letters until each is PRINTED
    And the supplier reports the first 3 of these letters as ENCLOSED in one update
    And the supplier looks up the first 3 of these letters until each is ENCLOSED
    And the supplier cancels these letters as a list by e-mail asks
    And the supplier looks up each of these letters until it is CANCELLED
    Then criterion AT11.1 holds
    And criterion AT11.3 holds
    And criterion AT11.4 holds
    And criterion AT11.5 holds
    And criterion AT11.6 holds
