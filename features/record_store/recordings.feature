@record-store
Feature: What MongoDB holds
  Jobs and recordings outlive the processes that make them. What reads them later, a person or a
  program, relies on where they are, what they hold, and that they are found quickly.

  Rule: Jobs and recordings have their places

    @PZ-13598 @PZ-13683 @PZ-13809 @smoke
    Scenario: Jobs and recordings are kept apart
      Given a running job
      Then MongoDB keeps jobs in one place and recordings in another
      And the side effects are those of one job

    @PZ-13686 @PZ-13810
    Scenario: Jobs and recordings are found quickly
      Given a running job
      Then MongoDB finds jobs quickly by
        | by     | unique |
        | job id | yes    |
      And MongoDB finds recordings quickly by
        | by        | unique |
        | identity  | yes    |
        | beginning | no     |
        | end       | no     |
        | deletion  | no     |
      And the side effects are those of one job

    @PZ-13810
    Scenario: No two recordings have one identity
      Given a recording of ten seconds
      When the same recording is put once more
      Then MongoDB refuses it

  Rule: A recording is complete
    Where the plan speaks of a node's recordings, it means those that the product has made.

    @PZ-13598 @PZ-13684 @PZ-13685 @PZ-13811 @PZ-13812
    Scenario: Every recording that the product has made is complete
      Given the product has made recordings
      Then each of them has an identity and a beginning, an end unless it is under way, and says whether it was deleted

    @PZ-13705 @serial
    Scenario: Every recording is either history or live
      Given a recording is under way
      And the product has made recordings
      Then each that has ended is listed as history, and each that is under way is not

  Rule: A job's record is complete

    @PZ-13598 @PZ-13684 @PZ-13685 @PZ-13811 @PZ-13812 @PZ-14812
    Scenario Outline: The record of a <kind> follows its schema
      Given a running <kind>
      Then the record of the job has these fields and no others
        | field      | kind      |
        | _id        | object id |
        | task_id    | text      |
        | config     | object    |
        | status     | text      |
        | created_at | date      |
        | user       | text      |
      And its record is complete
      And the side effects are those of one job

      Examples:
        | kind               |
        | job                |
        | waterfall view     |
        | single channel job |
        | playback           |

    @PZ-13598 @PZ-13684 @PZ-13811 @PZ-14812
    Scenario: The record of a job under a task id holds the task id, too
      Given a running job under a task id
      Then the record of the job has these fields and no others
        | field          | kind      |
        | _id            | object id |
        | task_id        | text      |
        | client_task_id | text      |
        | config         | object    |
        | status         | text      |
        | created_at     | date      |
        | user           | text      |
      And the answer and the record carry the task id
      And its record is complete
      And the side effects are those of one job

    @PZ-14812
    Scenario: The record of a job is whole
      Given a live configuration with every parameter set
      When the job is requested
      Then the job is accepted
      And its record is complete
      And the side effects are those of one job

    @PZ-14811
    Scenario: The time of a job is the time of its request
      Given a live configuration with every parameter set
      When the job is requested
      Then the job is accepted
      And answer, record and metadata tell the same time, within the time of the request
      And the side effects are those of one job

    @PZ-14812 @PZ-14808
    Scenario: Nothing of a playback is left out
      Given a recording of one minute
      And the configuration of its playback
      When the job is requested
      Then the job is accepted
      When its rows are read to the end
      Then there are as many rows as fit into what was recorded
      And every row is of its sensors, frequencies and length
      And the rows follow each other at its output rate
      And the side effects are those of one job
