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
      And its record is complete
      And its analyzer runs with its configuration
      And its work queue is served by one consumer
      And the view type of the job is as configured

    @PZ-13547 @critical
    Scenario: A job is there when it is answered
      Given a live configuration with every parameter set
      When the job is requested
      Then the job is accepted
      And its side effects were there when the answer came
      And the side effects are those of one job

    @PZ-13547
    Scenario Outline: A job that leaves its <what> out is a live one
      When a job is requested without <what>
      Then the job is accepted
      And its record is complete
      And its analyzer runs with its configuration
      And the side effects are those of one job

      Examples:
        | what       |
        | times      |
        | start time |
        | end time   |

    @PZ-14800 @critical
    Scenario: Thirty jobs for ten clients at once
      An operator's client has room for thirty views; here ten clients open three each.

      Given 30 different live configurations
      When the jobs are requested by 10 clients at once
      Then every job is accepted
      And every job has an id of its own
      And the side effects are those of 30 jobs
      And every job keeps all its promises

  Rule: An answer without what the client needs is reported as an error

    @extra
    Scenario Outline: An accepted job is answered without its <field>
      Beyond the plan: it has no case for an answer that lacks what the client needs (the client's step 5).

      Given a live configuration with every parameter set
      When the job is requested, and its answer lacks <field>
      Then the client reports that the answer lacks <field>
      And the side effects are those of one job

      Examples:
        | field       |
        | job_id      |
        | stream_url  |
        | stream_port |

  Rule: A job can be followed from its request to its stream
    The stream is not encrypted, also where the server speaks TLS: a deployed server has it so. Who can
    read along on the way sees the rows.

    @PZ-13570 @critical
    Scenario: From the configuration over the metadata to the stream
      Given a live configuration with every parameter set
      When the job is requested
      Then the job is accepted
      When the metadata of the job is asked for
      Then the metadata is that of the job
      And the stream of the job is served
      And the side effects are those of one job

    @PZ-13570 @critical
    Scenario: The stream of a job is opened and read
      Given a running job with FFT length 128
      When its stream is opened, and 5 rows are read from it
      Then every row is of its sensors, frequencies and length
      And the rows follow each other at its output rate
      And the side effects are those of one job

    @PZ-13570 @critical
    Scenario: The stream ends with its job
      Given a running job
      When the job is cancelled
      Then the cancelling is confirmed
      And the stream of the job is not served
      And only the task records remain

    @PZ-13570
    Scenario: An unknown job has no stream
      Given a running job
      Then the stream of an unknown job is not served
      And the side effects are those of one job

  Rule: A client may give its own task id
    The client's id is for the client's own logs: the job gets an id of its own all the same, and
    the same task id may come again. It is carried by the answer and by the record, so that both
    ends can be brought together. Which form a task id has is the client's promise, and is checked.

    @PZ-14750 @critical
    Scenario: A job under a task id
      Given a live configuration with every parameter set
      When the job is requested under a task id
      Then the job is accepted
      And the side effects are those of one job
      And the job keeps all its promises
      And the answer and the record carry the task id
      When the metadata of the job is asked for
      Then the metadata is that of the job

    @PZ-14750
    Scenario: A playback under a task id
      Given the configuration of a playback
      When the job is requested under a task id
      Then the job is accepted
      And the answer and the record carry the task id
      And the side effects are those of one job
      When its rows are read to the end
      Then there are as many rows as fit into what was recorded

    @PZ-14750
    Scenario: The same task id comes again
      Given a running job under a task id
      When the job is requested under the same task id
      Then the job is accepted
      And the answer and the record carry the task id
      And the side effects are those of 2 jobs

    @PZ-14751
    Scenario Outline: A task id <what is wrong> is refused and launches nothing
      When a job is requested under the task id <task id>
      Then the request is refused because of the task id

      Examples:
        | what is wrong           | task id                                |
        | of the prefix alone     | acceptance                             |
        | without a prefix        | 20250101120000_0a1b2c3d                |
        | with an impossible date | acceptance_20251301120000_0a1b2c3d     |
        | of too few digits       | acceptance_20250101120000_0a1b2c3      |
        | of too many digits      | acceptance_20250101120000_0a1b2c3d4    |
        | that ends in no number  | acceptance_20250101120000_0a1b2c3z     |
        | in capital letters      | acceptance_20250101120000_0A1B2C3D     |
        | with too long a prefix  | abcdefghijklmnopqrstuvwxyzabcdefg_20250101120000_0a1b2c3d |
        | with a space            | my tests_20250101120000_0a1b2c3d       |

    @PZ-14752
    Scenario Outline: A job under a task id needs its <parameter>
      When a job is requested under a task id without <parameter>
      Then the request is refused because of the <parameter>

      Examples:
        | parameter          |
        | time axis duration |
        | FFT length         |
        | canvas             |
        | canvas height      |
        | sensor range       |
        | first sensor       |
        | last sensor        |
        | frequency range    |
        | lowest frequency   |
        | highest frequency  |
        | view type          |

    @PZ-14753
    Scenario Outline: A job under a task id refuses a sensor range of <value>
      When a job is requested under a task id with sensor range <value>
      Then the request is refused because of the sensor range

      Examples:
        | value        |
        | 50 to 1      |
        | -1 to 5      |
        | 5000 to 5001 |

    @PZ-14754
    Scenario Outline: A job under a task id refuses a frequency range of <value>
      When a job is requested under a task id with frequency range <value>
      Then the request is refused because of the frequency range

      Examples:
        | value     |
        | 500 to 0  |
        | 0 to 1e9  |

  Rule: An operator does not wait
    A view that opens after more than two seconds is taken for broken and opened again.

    @PZ-14090 @critical @smoke @performance
    Scenario: A job is created in under two seconds
      Given a live configuration with every parameter set
      When the job is requested
      Then the job is accepted
      And the answer comes within the promised time
      And the side effects are those of one job

    @PZ-14794
    Scenario: The largest request is answered in under two seconds
      When a job is requested with a body as large as is read
      Then the job is accepted
      And the answer comes within the promised time
      And the side effects are those of one job

    @PZ-14794
    Scenario: The request with the largest answer is answered in under two seconds
      All sensors have a stream each, and the longest FFT has the most frequencies.
      Given the configuration of a job with
        | parameter         | value       |
        | first sensor      | 0           |
        | last sensor       | the largest |
        | lowest frequency  | 0           |
        | highest frequency | the largest |
        | FFT length        | the largest |
      When the job is requested
      Then the job is accepted
      And the answer comes within the promised time
      And the side effects are those of one job
