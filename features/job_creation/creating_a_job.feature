@job-creation
Feature: Creating a streaming job
  An operator who opens a view of the fibre needs its stream within seconds. Behind the
  answer stand three promises: a record of the job, an analyzer that computes it, and a queue
  that feeds the analyzer. A job that keeps only two of them looks alive and shows nothing.

  Rule: An accepted job keeps all its promises

    @PZ-13873 @PZ-13547 @critical @smoke
    Scenario: A live job with every parameter set
      Given a live configuration with every parameter set
      When the job is requested
      Then the job is accepted
      And the side effects are
        | side effect    | change |
        | task record    | +1     |
        | analyzer       | +1     |
        | analyzer pod   | +1     |
        | work queue     | +1     |
        | queue consumer | +1     |
      And the record of the job is complete
      And its analyzer runs with its configuration
      And its work queue is served by one consumer

    @PZ-14800 @critical
    Scenario: Ten jobs for five clients at once
      Given 10 live configurations, each another one
      When the jobs are requested by 5 clients at once
      Then every job is accepted
      And every job has an id of its own
      And the side effects are those of 10 jobs
      And every job keeps all its promises

  Rule: An operator does not wait
    A view that opens after more than two seconds is taken for broken and opened again.

    @PZ-14090 @critical @smoke @performance
    Scenario: A job is created in under two seconds
      Given a live configuration with every parameter set
      When the job is requested
      Then the job is accepted
      And the answer comes within the promised time
      And the side effects are those of one job
