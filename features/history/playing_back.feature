@history
Feature: Playing back what was recorded
  What happened on the fibre yesterday is looked at as if it happened now: a job with a beginning
  and an end plays the recordings of that time, row by row, and says when it is over.

  Rule: What was recorded can be played back

    @PZ-13548 @critical
    Scenario: A playback is a job like any other
      Given a recording of one minute
      And the configuration of its playback
      When the job is requested
      Then the job is accepted
      And the side effects are those of one job
      And the job keeps all its promises

    @critical
    Scenario Outline: A playback over <duration>
      Given a recording of <duration>
      And the configuration of its playback
      When the job is requested
      Then the job is accepted
      When its rows are read to the end
      Then there are as many rows as fit into what was recorded
      And the side effects are those of one job

      @PZ-13863
      Examples: five minutes
        | duration     |
        | five minutes |

      @PZ-13865
      Examples: one minute
        | duration   |
        | one minute |

      @PZ-14101
      Examples: very short
        | duration   |
        | one second |

    @PZ-13872 @critical
    Scenario: A playback from its request to its end
      Given a running playback
      When the metadata of the job is asked for
      Then the metadata is that of the job
      When its rows are read to the end
      Then there are as many rows as fit into what was recorded
      When the job is cancelled
      Then the cancelling is confirmed
      And only the task records remain

    @PZ-13868
    Scenario: A playback says that it is over, and goes on saying so
      Given a running playback
      When its rows are read to the end
      And the next 10 rows of the job are asked for
      Then there are no rows any more
      And the side effects are those of one job

    @PZ-13871
    Scenario: The rows of a playback come in the order of their time
      Given a running playback
      When its rows are read to the end
      Then the rows follow each other at its output rate
      And the first row begins with its time
      And the side effects are those of one job

    @PZ-13867
    Scenario: A playback shows the sensors and frequencies that were asked for, and invents nothing
      Given a time of two minutes with these recordings
        | begins | ends |
        | 30 s   | 90 s |
      And the configuration of its playback
      When the job is requested
      Then the job is accepted
      When its rows are read to the end
      Then every row is of its sensors, frequencies and length
      And every row lies within what was recorded
      And the side effects are those of one job

    @PZ-13867 @PZ-14810
    Scenario: What was recorded looks the same each time
      Given a running playback
      When its rows are read to the end
      And the playback is played back once more
      Then both show the same
      And the side effects are those of 2 jobs

    @PZ-13867
    Scenario: A playback across a gap leaves the gap out
      Given a time of thirty seconds with these recordings
        | begins | ends |
        | 0 s    | 10 s |
        | 20 s   | 30 s |
      And the configuration of its playback
      When the job is requested
      Then the job is accepted
      When its rows are read to the end
      Then every row lies within what was recorded
      And there are as many rows as fit into what was recorded
      And the side effects are those of one job

    @PZ-13867
    Scenario: Where recordings overlap the playback shows it once
      Given a time of 15 seconds with these recordings
        | begins | ends |
        | 0 s    | 10 s |
        | 5 s    | 15 s |
      And the configuration of its playback
      When the job is requested
      Then the job is accepted
      When its rows are read to the end
      Then every row lies within what was recorded
      And the rows follow each other at its output rate
      And the side effects are those of one job

    @extra
    Scenario: A time may be written as text
      Beyond the plan: it does not say how a time is written; the contract allows text, too.

      Given the configuration of a playback with its times written as yymmddHHMMSS
      When the job is requested
      Then the job is accepted
      When its rows are read to the end
      Then there are as many rows as fit into what was recorded
      And the side effects are those of one job

  Rule: What was not recorded cannot be played back

    @PZ-13866 @PZ-14019 @critical
    Scenario: A time without recordings
      Given a time without recordings
      And the configuration of its playback
      When the job is requested
      Then it is said that nothing was recorded then

    @PZ-14019 @serial
    Scenario Outline: A time of which there is only <what>
      Given a time of ten seconds with these recordings, ended or under way
        | begins   | ends   | deleted   |
        | <begins> | <ends> | <deleted> |
      And the configuration of its playback
      When the job is requested
      Then it is said that nothing was recorded then

      Examples:
        | what                                 | begins | ends  | deleted |
        | a deleted recording                  | 0 s    | 10 s  | yes     |
        | a recording under way                | 0 s    | never | no      |
        | a recording that ends when it begins | -10 s  | 0 s   | no      |
        | a recording that begins when it ends | 10 s   | 20 s  | no      |

    @PZ-14019
    Scenario Outline: A time that a recording only just reaches: <what>
      Given a time of ten seconds with these recordings
        | begins   | ends   |
        | <begins> | <ends> |
      And the configuration of its playback
      When the job is requested
      Then the job is accepted
      And the side effects are those of one job

      Examples:
        | what                                     | begins | ends |
        | a recording that ends one second into it | -10 s  | 1 s  |
        | a recording of its last second           | 9 s    | 10 s |

  Rule: A playback has a beginning and an end

    @PZ-14018
    Scenario Outline: A playback without its <parameter> is refused and launches nothing
      When a playback is requested without <parameter>
      Then the request is refused because of the start time or the end time
      And the client refuses it, too

      @PZ-13907
      Examples: beginning
        | parameter  |
        | start time |

      @PZ-13909
      Examples: end
        | parameter |
        | end time  |

    @PZ-14018
    Scenario Outline: A playback with an empty <parameter> is refused and launches nothing
      When a playback is requested with <parameter> nothing
      Then the request is refused because of the start time or the end time
      And the client refuses it, too

      @PZ-13907
      Examples: beginning
        | parameter  |
        | start time |

      @PZ-13909
      Examples: end
        | parameter |
        | end time  |

    @PZ-13552 @PZ-13759 @PZ-13869 @PZ-14018
    Scenario Outline: A playback that ends <when> is refused and launches nothing
      When a playback is requested that ends <when>
      Then the request is refused because of the start time or the end time
      And the client refuses it, too

      Examples:
        | when                       |
        | when it begins             |
        | one second before it began |
        | one hour before it began   |

    @PZ-14101
    Scenario: The shortest playback is one second long
      When a playback is requested that ends one second after it began
      Then the job is accepted
      And the side effects are those of one job

  Rule: The future has not been recorded
    Where the clocks of client and server may differ, what is near the present counts as the present.

    @PZ-13870 @PZ-14089 @PZ-14018
    Scenario Outline: A playback with its <parameter> <when> is refused and launches nothing
      When a playback is requested with <parameter> <when>
      Then the request is refused because of the <parameter>
      And the client refuses it, too

      Examples:
        | parameter  | when                     |
        | end time   | one second in the future |
        | end time   | an hour in the future    |

    @PZ-13870 @PZ-14089 @PZ-14018
    Scenario: A playback of a time that lies in the future as a whole is refused and launches nothing
      When a playback is requested that lies in the future as a whole
      Then the request is refused because of the start time and the end time
      And the client refuses it, too

    @PZ-13870
    Scenario: A playback may end with the present second
      When a playback is requested with end time the present second
      Then the job is accepted
      And the side effects are those of one job

  Rule: A time is a whole number of seconds, or a text of twelve digits

    @PZ-13552 @PZ-13759 @PZ-14018
    Scenario Outline: A playback with its <parameter> as <value> is refused and launches nothing
      When a playback is requested with <parameter> <value>
      Then the request is refused because of the <parameter>
      And the client refuses it, too

      Examples:
        | parameter  | value                         |
        | start time | -1                            |
        | start time | 1000000000.5                  |
        | start time | 1000000000.0                  |
        | start time | true                          |
        | start time | the text yesterday            |
        | start time | the text 1000000000           |
        | start time | the text 011301120000         |
        | start time | the text 010101250000         |
        | end time   | the text 2001-01-01T00:00:00Z |
        | end time   | [1000000000]                  |
        | end time   | 253402300800                  |
