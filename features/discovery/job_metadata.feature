@discovery
Feature: What is known of a job
  Whoever has the id of a job, and was not there when it was made, can ask for all that its maker
  was told.

  Rule: The metadata of a job are those of its making

    @PZ-13563 @PZ-14760 @critical
    Scenario: The metadata of a running job
      Given a running job
      When the metadata of the job is asked for
      Then the metadata is that of the job
      And the side effects are those of one job

    @PZ-13563 @PZ-14762
    Scenario: The metadata of an unknown job
      When the metadata of an unknown job is asked for
      Then it is said that there is no such job

    @PZ-14763
    Scenario: The metadata of a task agree with its answer, its record and its analyzer
      Given a running job under a task id
      When the metadata of the job is asked for 10 times
      Then the metadata is that of the job
      And the metadata agree with the record of the job
      And its analyzer runs with its configuration
      And the side effects are those of one job

    @PZ-14809
    Scenario: The metadata of a job agree with its rows
      Given a running job with FFT length 128
      When the metadata of the job is asked for
      And its rows are asked for until there are 3
      Then the metadata agree with the rows of the job
      And the side effects are those of one job

    @PZ-14810
    Scenario: Each of ten jobs has its own metadata
      Given 10 different live configurations
      When the jobs are requested by 5 clients at once
      Then every job is accepted
      When the metadata of every job is asked for
      Then the metadata is that of every job
      And the side effects are those of 10 jobs

  Rule: A job is known for as long as its record is kept

    @PZ-14761
    Scenario: The metadata of a job whose consumer runs no longer
      Given a running job under a task id
      When the job is cancelled
      And the metadata of the job is asked for
      Then the metadata is that of the cancelled job
      And only the task records remain

    @PZ-14761
    Scenario: The metadata of a job whose queue was taken away
      Given a running job under a task id
      When its work queue is deleted
      And the metadata of the job is asked for
      Then the metadata is that of the job
      And the side effects are
        | side effect  | change |
        | task record  | +1     |
        | analyzer     | +1     |
        | analyzer pod | +1     |

    @PZ-14761 @serial
    Scenario: The metadata of a job whose consumer has lost RabbitMQ
      Given a running job under a task id
      When RabbitMQ cannot be reached any more
      Then the side effects are
        | side effect  | change |
        | task record  | +1     |
        | analyzer     | +1     |
        | analyzer pod | +1     |
        | work queue   | +1     |
      When the metadata of the job is asked for
      Then the metadata is that of the job
      When all stores work again
      Then the side effects are those of one job
