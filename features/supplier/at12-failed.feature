@AT12 @mandatory @stateful @seeded @parallel
Feature: AT12 Report letters as FAILED
  Letters that cannot be produced after they were accepted, as when the PDF is damaged or longer
  than the supplier prints, are reported as FAILED with a code and a reason.

  Scenario: AT12 Letters are failed after they were printed and enclosed
    Given the supplier has accepted 4 ordinary letters
    When the supplier reports these letters as PRINTED in one update
    And the supplier looks up each of these letters until it is PRINTED
    And the supplier reports the first 2 of these letters as ENCLOSED in one update
    And the supplier looks up the first 2 of these letters until each is ENCLOSED
    And the supplier reports these letters as FAILED, since their address cannot be used
    And the supplier looks up each of these letters until it is FAILED
    Then criterion AT12.2 holds

  Scenario: AT12 Letters that cannot be produced are failed
    Given the supplier has accepted 4 letters that turn out damaged or too long
    When the supplier reports the letters that it cannot produce as FAILED
    And the supplier looks up each of these letters until it is FAILED
    Then criterion AT12.1 holds
    And criterion AT12.2 holds
    And criterion AT12.3 holds
    And criterion AT12.4 holds
    And criterion AT12.6 holds
