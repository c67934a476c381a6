@infrastructure
Feature: The ground that jobs stand on
  A job is a record, an analyzer and a queue. Before anything is said about jobs, the three
  systems that hold them must be healthy: otherwise every verdict would be about them, and
  not about the product.

  @PZ-13898 @blocker @smoke
  Scenario: The record store is healthy
    Then the record store answers and takes writes

  @PZ-13899 @blocker @smoke
  Scenario: The orchestrator of the analyzers is healthy
    Given a running job
    Then the orchestrator answers
    And all its pods are healthy
    And the side effects are those of one job

  @extra @blocker @smoke
  Scenario: The message broker is healthy
    Then the message broker answers
