@figures
Feature: The figures of a job
  A view is drawn to scale: how far apart two frequencies are, how much time passes between two
  rows, which channel comes over which stream. The client does not compute these figures, it is
  told them, and a wrong one draws a wrong picture.

  Rule: Frequencies follow from the sampling rate and the length of the FFT

    Scenario Outline: With an FFT of <length> samples the <figure> is right
      Given the configuration of a job with FFT length <length>
      When the job is requested
      Then the job is accepted
      And the <figure> of the job is as configured
      And the side effects are those of one job

      @PZ-14060
      Examples: resolution
        | length | figure               |
        | 128    | frequency resolution |
        | 512    | frequency resolution |
        | 4096   | frequency resolution |

      @PZ-14061
      Examples: bins
        | length | figure              |
        | 128    | list of frequencies |
        | 1024   | list of frequencies |
        | 4096   | list of frequencies |

    @PZ-14061
    Scenario Outline: Both ends of a band belong to it: <band>
      Given the configuration of a job with
        | parameter       | value  |
        | FFT length      | 2048   |
        | frequency range | <band> |
      When the job is requested
      Then the job is accepted
      And the list of frequencies of the job is as configured
      And the side effects are those of one job

      Examples:
        | band                 |
        | 0 to 0.9765625       |
        | 0.9765625 to 500     |
        | 0.97656251 to 500    |
        | 999.0234375 to 1000  |
        | 0.1 to 0.2           |

    @PZ-14062
    Scenario: The highest frequency is the Nyquist limit
      Given the configuration of a job with highest frequency the largest
      When the job is requested
      Then the job is accepted
      And the highest frequency of the job is as configured
      And the list of frequencies of the job is as configured
      And the side effects are those of one job

  Rule: Time follows from the sampling rate, the length of the FFT and its overlap

    Scenario Outline: An FFT of <length> samples gives the right <figure>
      Given the configuration of a job with FFT length <length>
      When the job is requested
      Then the job is accepted
      And the <figure> of the job is as configured
      And the side effects are those of one job

      @PZ-14066
      Examples: time between rows
        | length | figure            |
        | 128    | time between rows |
        | 1024   | time between rows |
        | 4096   | time between rows |

    @PZ-14067
    Scenario Outline: The rows of an FFT of <length> samples come at its output rate
      Given a running playback with FFT length <length>
      When the next 5 rows of the job are asked for
      Then the measured output rate of the job is as configured
      And the side effects are those of one job

      Examples:
        | length |
        | 128    |
        | 1024   |
        | 4096   |

    @PZ-14067 @alone
    Scenario: Rows come as fast as the signal
      Given a running job with FFT length 128
      When its rows are asked for until there are 40
      Then the rows follow each other at its output rate
      And each row comes within the promised time of its own
      And the side effects are those of one job

    @PZ-14068
    Scenario Outline: Each row of an FFT of <length> samples is of the time that the window takes
      Given a running job with FFT length <length>
      When its rows are asked for until there are 2
      Then every row is of its sensors, frequencies and length
      And the rows follow each other at its output rate
      And the side effects are those of one job

      Examples:
        | length |
        | 128    |
        | 256    |

    @PZ-14080
    Scenario Outline: The spectrogram of a playback with an FFT of <length> samples has its dimensions
      Given the configuration of a playback with FFT length <length>
      When the job is requested
      Then the job is accepted
      When its rows are read to the end
      Then there are as many rows as fit into what was recorded
      And every row is of its sensors, frequencies and length
      And the side effects are those of one job

      Examples:
        | length |
        | 128    |
        | 1024   |
        | 4096   |

  Rule: Channels and streams follow from the sensor range

    Scenario Outline: With the sensors <range> the <figure> is right
      Given the configuration of a job with sensor range <range>
      When the job is requested
      Then the job is accepted
      And the <figure> of the job is as configured
      And the side effects are those of one job

      @PZ-14069
      Examples: channels
        | range    | figure             |
        | 0 to 0   | number of channels |
        | 1 to 50  | number of channels |
        | 0 to 999 | number of channels |

      @PZ-14070
      Examples: mapping
        | range      | figure                         |
        | 0 to 0     | mapping of channels to streams |
        | 1 to 50    | mapping of channels to streams |
        | 100 to 199 | mapping of channels to streams |

      @PZ-14071
      Examples: streams
        | range     | figure            |
        | 0 to 0    | number of streams |
        | 1 to 50   | number of streams |
        | 50 to 100 | number of streams |

    @PZ-14070
    Scenario: Each channel of a waterfall view has a stream
      Given the configuration of a job with
        | parameter    | value   |
        | view type    | 2       |
        | sensor range | 1 to 50 |
      When the job is requested
      Then the job is accepted
      And the mapping of channels to streams of the job is as configured
      And the side effects are those of one job

  Rule: What a view costs is measured on its rows
    For information: nothing is promised of it but that it follows from the configuration. The report shows it
    in bytes, too, as they were answered.

    @PZ-14078
    Scenario: The data rate of a view is measured
      Given a running job with FFT length 128
      When its rows are asked for until there are 20
      Then the measured data rate of the job is as configured
      And the side effects are those of one job

    @PZ-14079
    Scenario: The memory use of a view is measured
      Given a running playback with
        | parameter          | value  |
        | sensor range       | 1 to 4 |
        | time axis duration | 5      |
      When its rows are read to the end
      Then the measured memory use of the job is as configured
      And the side effects are those of one job
