@views
Feature: Looking at a single channel
  An operator who has found a place of interest looks at this one alone. The view has one channel
  and one stream, and everything else is as in any other job.

  Rule: One channel gives one stream

    @critical
    Scenario Outline: A single channel view of channel <channel>
      Given the configuration of a single channel job with channel <channel>
      When the job is requested
      Then the job is accepted
      And the side effects are those of one job
      And the job keeps all its promises
      And the view type of the job is as configured
      And the number of channels of the job is as configured
      And the number of streams of the job is as configured
      And the mapping of channels to streams of the job is as configured

      @PZ-13814
      Examples: channel 1
        | channel |
        | 1       |

      @PZ-13815
      Examples: channel 100
        | channel |
        | 100     |

      @PZ-13832
      Examples: the lowest
        | channel      |
        | the smallest |

      @PZ-13833
      Examples: the last
        | channel     |
        | the largest |

      @PZ-13834
      Examples: in the middle
        | channel |
        | 1111    |

    @PZ-13862 @critical
    Scenario: From the configuration of a single channel to its rows and its end
      Given a running single channel job with FFT length 128
      When the metadata of the job is asked for
      Then the metadata is that of the job
      When its rows are asked for until there are 3
      Then every row is of its sensors, frequencies and length
      When the job is cancelled
      Then the cancelling is confirmed
      And only the task records remain

    @PZ-13853
    Scenario: The rows of a single channel are of that channel
      Given a running single channel job with FFT length 128
      When its rows are asked for until there are 5
      Then every row is of its sensors, frequencies and length
      And the rows follow each other at its output rate
      And the side effects are those of one job

    @PZ-13853 @PZ-13818
    Scenario: A single channel shows what it shows among many
      Given a running playback
      When its rows are read to the end
      And the playback is played back once more, of its last sensor alone
      Then both show the same
      And the side effects are those of 2 jobs

    @PZ-13860
    Scenario: The metadata of a single channel agree with its configuration
      Given a running single channel job
      When the metadata of the job is asked for
      Then the metadata is that of the job
      And the side effects are those of one job

  Rule: The mapping depends on the channel alone

    @PZ-13816
    Scenario: Different channels give different mappings
      Given configurations of a single channel job with each channel of
        | channel |
        | 1       |
        | 2       |
        | 100     |
      When the jobs are requested one after another
      Then every job is accepted
      And their mappings of channels to streams differ
      And the side effects are those of 3 jobs

    @PZ-13817
    Scenario: The same channel gives the same mapping every time
      Given configurations of a single channel job with each channel of
        | channel |
        | 42      |
        | 42      |
        | 42      |
      When the jobs are requested one after another
      Then every job is accepted
      And their mappings of channels to streams are the same
      And the mapping of channels to streams of every job is as configured
      And the side effects are those of 3 jobs

    @PZ-13861
    Scenario: The one channel is mapped to the first stream
      Given the configuration of a single channel job with channel 321
      When the job is requested
      Then the job is accepted
      And the mapping of channels to streams of the job is as configured
      And the side effects are those of one job

    @PZ-13818
    Scenario: A single channel beside a view of many
      Given a running single channel job with channel 20
      And another running job with sensor range 20 to 29
      Then the number of channels of both jobs is as configured
      And the number of streams of both jobs is as configured
      And the mapping of channels to streams of both jobs is as configured
      And the list of frequencies of both jobs is as configured
      And the time between rows of both jobs is as configured
      And the side effects are those of 2 jobs

  Rule: Everything but the channel is as in any other view

    @PZ-13819
    Scenario Outline: A single channel with frequencies of <band>
      Given the configuration of a single channel job with frequency range <band>
      When the job is requested
      Then the job is accepted
      And the list of frequencies of the job is as configured
      And the side effects are those of one job

      Examples:
        | band        |
        | 0 to 100    |
        | 100 to 1000 |
        | 250 to 260  |

    @PZ-14018
    Scenario Outline: A single channel with a <parameter> of <value> is refused and launches nothing
      When a single channel job is requested with <parameter> <value>
      Then the request is refused because of the <parameter>
      And the client refuses it, too

      @PZ-13820 @PZ-13854
      Examples: frequencies
        | parameter         | value                  |
        | frequency range   | 500 to 0               |
        | frequency range   | 500 to 500             |
        | lowest frequency  | -1                     |
        | highest frequency | just above the largest |

      @PZ-13821 @PZ-13855
      Examples: canvas
        | parameter     | value                 |
        | canvas height | 0                     |
        | canvas height | -1                    |
        | canvas height | one above the largest |

      @PZ-13822 @PZ-13857
      Examples: transform
        | parameter  | value                  |
        | FFT length | 0                      |
        | FFT length | one below the smallest |
        | FFT length | 1000                   |
        | FFT length | 8192                   |

  Rule: Channels of a single channel view count from 1
    The plan has it both ways: the lowest channel is accepted, and channel zero is refused. Sensors
    count from 0 in the view of many; a single channel view counts as its operators do, from 1, so its lowest
    channel is 1. A deployment that decided otherwise says so in its profile.

    @PZ-14018
    Scenario Outline: A single channel view of channel <channel> is refused and launches nothing
      When a single channel job is requested with channel <channel>
      Then the request is refused because of the <parameter>
      And the client refuses it, too

      @PZ-13824
      Examples: zero, below the lowest
        | channel                | parameter                |
        | one below the smallest | channel or the view type |

      @PZ-13835
      Examples: above the last
        | channel               | parameter |
        | one above the largest | channel   |
        | 1000000               | channel   |

      @PZ-13836 @PZ-13837
      Examples: negative
        | channel | parameter |
        | -1      | channel   |
        | -100    | channel   |

    @PZ-14018
    Scenario Outline: A single channel view of the sensors <range> is refused and launches nothing
      When a single channel job is requested with sensor range <range>
      Then the request is refused because of the sensor range or the view type
      And the client refuses it, too

      @PZ-13823
      Examples: several
        | range    |
        | 7 to 8   |
        | 1 to 100 |

      @PZ-13852
      Examples: turned round
        | range    |
        | 8 to 7   |
        | 100 to 1 |

  Rule: An operator may change the channel as quickly as the hand can

    @PZ-13858
    Scenario: Thirty channels in quick succession
      When a single channel is opened and closed 30 times, each time another one
      Then every one of them was accepted, mapped to its own channel, and cancelled
      And only the task records remain

    @PZ-13859
    Scenario: A single channel that is asked for again and again
      Given a running single channel job with FFT length 128
      When its rows are asked for until there are 100, 1 at a time
      And the metadata of the job is asked for 100 times
      Then the rows follow each other at its output rate
      And every row is of its sensors, frequencies and length
      And the metadata is that of the job
      And the side effects are those of one job
