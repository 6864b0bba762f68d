@a@b
Feature:
  Scenario:
    Given 
