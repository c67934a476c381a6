@streaming
Feature: The rows of a waterfall
  A view is drawn row by row. Whoever draws it asks for the next rows, gets each of them once and
  in order, and is told whether more will come.

  Rule: A running job gives its rows as they are computed

    @PZ-14755 @critical
    Scenario: The rows of a live job
      Given a running job with FFT length 128
      When its rows are asked for until there are 5
      Then every row is of its sensors, frequencies and length
      And the side effects are those of one job

    @PZ-14755 @PZ-14811
    Scenario: The rows of a live job begin with the job
      Given a running job with FFT length 1024
      When its rows are asked for until there is one
      Then the first row begins with the job
      And the side effects are those of one job

    @PZ-14808 @PZ-14810
    Scenario: Rows read in parts are those read at once
      Given a running playback
      When its rows are read to the end
      And the playback is played back once more, 7 rows at a time
      Then both show the same
      And the side effects are those of 2 jobs

    @PZ-14755
    Scenario Outline: <count> rows are asked for, of many
      Given a running playback
      When the next <count> rows of the job are asked for
      Then there are <count> rows
      And the side effects are those of one job

      Examples:
        | count |
        | 1     |
        | 3     |

    @PZ-14808
    Scenario: No row is left out, and none is given twice
      Given a running job with FFT length 128
      When its rows are asked for until there are 12, 3 at a time
      Then the rows follow each other at its output rate
      And every row is of its sensors, frequencies and length
      And the side effects are those of one job

    @extra
    Scenario: Two readers of one waterfall share its rows
      Beyond the plan: it has one reader only; each row is given once, whoever asks.

      Given a running playback with sensor range 1 to 2
      When its rows are read to the end by 2 readers at once, 10 at a time
      Then there are as many rows as fit into what was recorded
      And the rows follow each other at its output rate
      And the side effects are those of one job

    @PZ-13557
    Scenario: A waterfall view gives rows, too
      Given a running job with
        | parameter  | value |
        | view type  | 2     |
        | FFT length | 128   |
      When its rows are asked for until there are 3
      Then every row is of its sensors, frequencies and length
      And the rows follow each other at its output rate
      And the side effects are those of one job

    @PZ-13557
    Scenario: A waterfall view may begin with the first sensor
      Given a running job with
        | parameter    | value  |
        | view type    | 2      |
        | sensor range | 0 to 2 |
        | FFT length   | 128    |
      When its rows are asked for until there is one
      Then every row is of its sensors, frequencies and length
      And the side effects are those of one job

    @extra
    Scenario: A band between two frequencies gives rows without any
      Beyond the plan: no case asks for a range that holds no frequency.
      Given a running job with
        | parameter       | value      |
        | frequency range | 0.1 to 0.2 |
        | FFT length      | 128        |
      When its rows are asked for until there are 2
      Then the rows follow each other at its output rate
      And the side effects are those of one job

    @PZ-14756
    Scenario: Before the first window is full there are no rows
      The longest FFT needs two seconds of signal before its first row can be there.
      Given the configuration of a job with FFT length 4096
      When the job is requested
      Then the job is accepted
      When the next 10 rows of the job are asked for
      Then there are no rows before their windows are full
      When its rows are asked for until there is one
      Then there are no rows before their windows are full
      And the side effects are those of one job

    @PZ-14756
    Scenario: An analyzer that does not run gives no rows
      Given a running playback
      When its analyzer is paused
      And the next 10 rows of the job are asked for
      Then there are no rows yet, and more will come
      And the side effects are
        | side effect    | change |
        | task record    | +1     |
        | analyzer       | +1     |
        | work queue     | +1     |
        | queue consumer | +1     |

  Rule: What happens on the fibre shows where it happens
    A signal that is always on the fibre, as of a pump, is named in the profile by its sensor and frequency.

    @PZ-14755 @PZ-14808
    Scenario Outline: A known signal shows in a <kind> at its sensor and its frequency
      Given a running <kind> around a signal that is known to be on the fibre
      When its rows are asked for until there are 5
      Then every row is strongest at the sensor and the frequency of the signal
      And the side effects are those of one job

      Examples:
        | kind           |
        | job            |
        | waterfall view |

  Rule: When the analyzer has gone, no more rows will come

    @PZ-14759 @serial
    Scenario Outline: The analyzer <ends>
      Given a Kubernetes that runs no analyzers of its own
      And a running job with FFT length 128
      When its rows are asked for until there are 2
      And its analyzer <ends>
      Then no more rows come from then on
      And the side effects are those of one job

      Examples:
        | ends              |
        | has done its work |
        | fails             |

    @PZ-14759
    Scenario: The analyzer is deleted
      Given a running job with FFT length 128
      When its rows are asked for until there are 2
      And its analyzer is deleted
      Then no more rows come from then on
      And the side effects are
        | side effect    | change |
        | task record    | +1     |
        | work queue     | +1     |
        | queue consumer | +1     |

    @PZ-14759
    Scenario: A cancelled job has no more rows
      Given a running job with FFT length 128
      When the job is cancelled
      Then no more rows come from then on
      And only the task records remain

  Rule: What cannot be given is refused

    @PZ-14757
    Scenario: The rows of an unknown job
      When the rows of an unknown job are asked for
      Then it is said that there is no such job

    @PZ-14758
    Scenario Outline: Rows are asked for by the number <count>
      Given a running job
      When the rows of the job are asked for by the number <count>
      Then the request is refused because of the number of rows
      And the side effects are those of one job

      Examples:
        | count |
        | 0     |
        | -1    |
        | 1001  |
        | 1.5   |
        | ten   |
        | 1e2   |
        | +5    |
        | 007   |
        | ٣     |

    @PZ-14755
    Scenario: As many rows as can be asked for
      Given a running playback
      When the next 1000 rows of the job are asked for
      Then there are as many rows as fit into what was recorded
      And the side effects are those of one job
