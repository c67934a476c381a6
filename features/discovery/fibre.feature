@discovery
Feature: What the fibre has to offer
  Before an operator opens a view the client asks what there is to see: sensors, channels, whether
  something is being recorded now, and what was recorded before.

  Rule: The bounds of the fibre

    @PZ-13560 @PZ-13762 @PZ-13895 @smoke
    Scenario: The channels of the fibre
      When the channels of the fibre are asked for
      Then they reach from the first sensor to the last

    @PZ-13897 @smoke
    Scenario: The sensors of the fibre
      When the sensors of the fibre are asked for
      Then every sensor of the fibre is listed once

    @PZ-13895
    Scenario: Every channel of the fibre is enabled
      When the channels of the fibre are asked for
      And a job is requested with all of them
      Then the job is accepted
      And the mapping of channels to streams of the job is as configured
      When its rows are asked for until there is one
      Then every row is of its sensors, frequencies and length
      And the side effects are those of one job

    @PZ-13560 @PZ-13895
    Scenario Outline: The <end> channel of the fibre can be viewed
      When the channels of the fibre are asked for
      And a job is requested with the <end> of them
      Then the job is accepted
      And the side effects are those of one job

      Examples:
        | end   |
        | first |
        | last  |

    @PZ-13560 @PZ-13895
    Scenario Outline: A channel <where> of the fibre cannot be viewed
      When the channels of the fibre are asked for
      And a job is requested with <channel> of them
      Then the request is refused because of the sensor range

      Examples:
        | where            | channel              |
        | before the first | one before the first |
        | after the last   | one after the last   |

  @serial
  Rule: Live metadata are those of the recording under way

    @PZ-13561 @PZ-13764
    Scenario: Something is being recorded
      Given a recording is under way
      When the live metadata are asked for
      Then they are those of the recording under way

    @PZ-13764
    Scenario: Of two recordings under way the later one is live
      Given a time of two minutes with these recordings, ended or under way
        | begins | ends  |
        | 0 s    | never |
        | 60 s   | never |
      When the live metadata are asked for
      Then they are those of the recording under way

    @PZ-13562 @PZ-13765
    Scenario: A deleted recording that never ended is no live source
      Given no recording is under way
      And a time of two minutes with these recordings
        | begins | ends  | deleted |
        | 0 s    | never | yes     |
      When the live metadata are asked for
      Then it is said that there is no live source

    @PZ-13562 @PZ-13765
    Scenario: Nothing is being recorded
      Given no recording is under way
      When the live metadata are asked for
      Then it is said that there is no live source

    @PZ-13705
    Scenario: A recording is live while it is under way, and history when it has ended
      Given a time of one minute with these recordings, ended or under way
        | begins | ends  |
        | 0 s    | 60 s  |
        | 0 s    | never |
      When the live metadata are asked for
      Then they are those of the recording under way
      When the recordings of that time are asked for
      Then only the one that has ended is listed

  Rule: What was recorded in a time

    @PZ-13564 @PZ-13766
    Scenario: The recordings of a time
      Given a time of 50 seconds with these recordings
        | begins | ends |
        | 0 s    | 10 s |
        | 10 s   | 40 s |
        | 40 s   | 50 s |
      When the recordings of that time are asked for
      Then each of them is listed, in the order of their time

    @PZ-13564 @PZ-13766
    Scenario Outline: A recording <where> the time that is asked for
      Given a recording of ten seconds
      When the recordings of a time that <window> are asked for
      Then the recording is <listed>

      Examples:
        | where             | window                            | listed     |
        | that begins in    | begins one second before the recording | listed     |
        | that ends in      | begins one second before the end of the recording  | listed     |
        | all around        | lies within the recording                    | listed     |
        | that ends with    | begins when the recording ends               | not listed |
        | that begins after | ends when the recording begins               | not listed |

    @PZ-13766
    Scenario: A time may be written as text
      Given a recording of ten seconds
      When the recordings of that time, written as yymmddHHMMSS, are asked for
      Then the recording is listed

    @PZ-13766
    Scenario: A time may end in the future
      Given a recording of ten seconds
      When the recordings from its beginning until tomorrow are asked for
      Then the recording is listed among others

    @PZ-13766
    Scenario: A time may end on the last day of the year 9999
      Given a recording of ten seconds
      When the recordings from its beginning until the last day of the year 9999 are asked for
      Then the recording is listed among others

    @PZ-13564
    Scenario: A time may begin with the year 1970
      When the recordings of the first day of 1970 are asked for
      Then none is listed

    @PZ-13564
    Scenario: A recording is listed to the fraction of a second
      Given a time of 20 seconds with these recordings
        | begins | ends   |
        | 0.25 s | 10.5 s |
      When the recordings of that time are asked for
      Then the recording is listed

    @PZ-13564
    Scenario: A deleted recording is not listed
      Given a time of ten seconds with these recordings
        | begins | ends | deleted |
        | 0 s    | 10 s | yes     |
      When the recordings of that time are asked for
      Then none is listed

    @PZ-13766
    Scenario: A time without recordings
      Given a time without recordings
      When the recordings of that time are asked for
      Then none is listed

    @PZ-13564
    Scenario Outline: A time <what is wrong> is refused
      When the recordings of a time <what is wrong> are asked for
      Then the request is refused because of the <parameter>

      Examples:
        | what is wrong                   | parameter                  |
        | without a beginning             | start time                 |
        | without an end                  | end time                   |
        | that ends as it begins          | start time or the end time |
        | that ends before it begins      | start time or the end time |
        | that ends after the year 9999   | end time                   |
        | that ends in a text             | end time                   |
        | that ends in nothing            | end time                   |
        | that begins before 1970         | start time                 |
        | that begins between two seconds | start time                 |

    @PZ-14774
    Scenario Outline: A time <what is wrong> is an order to nobody
      When the recordings of a time <what is wrong> are asked for
      Then the request is refused because of the <parameter>

      Examples:
        | what is wrong                         | parameter  |
        | that begins with a query for anything | start time |
        | that ends with a condition            | end time   |

    @PZ-13564
    Scenario: A time with an unknown parameter is refused
      When the recordings of a time with an unknown parameter are asked for
      Then the request is refused because of the unknown parameter
