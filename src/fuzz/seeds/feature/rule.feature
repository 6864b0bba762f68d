Feature: own
  Rule: one
    Background:
      Given a supplier with credentials for this target
    @AT1
    Scenario: s
      When the supplier asks whether the service is up
      """
      a doc string
      """
  Rule: two
    Example: t
      * the supplier receives its daily list
      | a | b \| c |
