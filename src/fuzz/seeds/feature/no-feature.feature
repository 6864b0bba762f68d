Scenario without a feature
