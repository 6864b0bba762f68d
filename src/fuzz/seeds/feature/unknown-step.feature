Feature: own
  Scenario: one
    When the moon is full
