@job-creation
Feature: What can be computed, and what cannot
  Each parameter has a smallest and a largest value. Both can be computed, and what lies one step
  beyond cannot: an operator who asks for the utmost must get it, and who asks for more must be
  told so.

  Rule: The length of the FFT is a power of two from 128 to 4096 samples

    @PZ-13901
    Scenario Outline: An FFT of <length> samples is accepted
      Given the configuration of a job with FFT length <length>
      When the job is requested
      Then the job is accepted
      And the side effects are those of one job
      And the job keeps all its promises

      Examples:
        | length |
        | 128    |
        | 256    |
        | 512    |
        | 1024   |
        | 2048   |
        | 4096   |

    @PZ-14018 @PZ-14072
    Scenario Outline: An FFT of <length> samples, which is no power of two, is refused
      When a job is requested with FFT length <length>
      Then the request is refused because of the FFT length
      And the client refuses it, too

      Examples:
        | length                 |
        | one below the smallest |
        | one above the smallest |
        | 1000                   |
        | one below the largest  |
        | one above the largest  |

    @PZ-14018
    Scenario Outline: An FFT of <length> samples, a power of two beyond the range, is refused
      When a job is requested with FFT length <length>
      Then the request is refused because of the FFT length
      And the client refuses it, too

      Examples:
        | length |
        | 1      |
        | 2      |
        | 64     |
        | 8192   |

  Rule: Sensors count from 0, and their range holds both its ends

    @extra
    Scenario Outline: <what> can be looked at
      Beyond the plan: it refuses sensors beyond the fibre, and has no case for those at its ends.

      Given the configuration of a job with
        | parameter    | value   |
        | sensor range | 1 to 50 |
        | <parameter>  | <value> |
      When the job is requested
      Then the job is accepted
      And the side effects are those of one job
      And its record is complete

      Examples:
        | what                          | parameter    | value        |
        | The first sensor of the fibre | first sensor | the smallest |
        | The last sensor of the fibre  | last sensor  | the largest  |
        | A range of a single sensor    | sensor range | 50 to 50     |
        | A range of two sensors        | sensor range | 50 to 51     |

    @PZ-14018 @PZ-13554 @PZ-13760
    Scenario Outline: <what> cannot be looked at
      When a job is requested with <parameter> <value>
      Then the request is refused because of the <parameter>
      And the client refuses it, too

      Examples:
        | what                                  | parameter    | value                  |
        | A sensor before the first             | first sensor | one below the smallest |
        | A sensor after the last               | last sensor  | one above the largest  |
        | A range that begins behind its end    | sensor range | 51 to 50               |
        | A range that lies beyond the last one | sensor range | 5000 to 5001           |

  Rule: Frequencies reach from 0 Hz to the Nyquist limit, half the sampling rate

    @PZ-14100
    Scenario Outline: Frequencies of <band> are accepted
      Given the configuration of a job with frequency range <band>
      When the job is requested
      Then the job is accepted
      And the side effects are those of one job
      And its record is complete

      Examples:
        | band        |
        | 0 to 500    |
        | 0.5 to 1.25 |
        | 999 to 1000 |

    @PZ-14100
    Scenario: Frequencies up to the Nyquist limit itself are accepted
      Given the configuration of a job with highest frequency the largest
      When the job is requested
      Then the job is accepted
      And the side effects are those of one job
      And its record is complete

    @PZ-14018 @PZ-13903
    Scenario Outline: A highest frequency <value> is refused
      When a job is requested with highest frequency <value>
      Then the request is refused because of the highest frequency
      And the client refuses it, too

      Examples:
        | value                  |
        | just above the largest |
        | one above the largest  |

    @PZ-14018 @PZ-13555 @PZ-13761
    Scenario Outline: Frequencies of <band> are refused
      When a job is requested with frequency range <band>
      Then the request is refused because of the frequency range
      And the client refuses it, too

      Examples:
        | band           |
        | 500 to 500     |
        | 500.5 to 500   |
        | 0 to 0         |
        | -1 to 500      |
        | -0.001 to 500  |
        | -500 to -1     |

  Rule: Canvas and time axis have a size, and a largest one

    @extra
    Scenario Outline: A <parameter> that is <value> is accepted
      Beyond the plan: it has the extremes of FFT length and frequency only; these are the others.

      Given the configuration of a job with <parameter> <value>
      When the job is requested
      Then the job is accepted
      And the side effects are those of one job
      And its record is complete

      Examples:
        | parameter          | value        |
        | canvas height      | the smallest |
        | canvas height      | the largest  |
        | time axis duration | the smallest |
        | time axis duration | the largest  |

    @PZ-14018
    Scenario Outline: A <parameter> of <value> is refused
      When a job is requested with <parameter> <value>
      Then the request is refused because of the <parameter>
      And the client refuses it, too

      Examples:
        | parameter          | value                 |
        | canvas height      | 0                     |
        | canvas height      | -1                    |
        | canvas height      | one above the largest |
        | time axis duration | 0                     |
        | time axis duration | -1                    |
        | time axis duration | one above the largest |

  Rule: There are three views

    @PZ-13557
    Scenario: A waterfall view
      Given the configuration of a job with view type 2
      When the job is requested
      Then the job is accepted
      And the side effects are those of one job
      And the job keeps all its promises
      And the view type of the job is as configured
      And the mapping of channels to streams of the job is as configured

    @PZ-14018 @PZ-13878 @PZ-14093
    Scenario Outline: A view of type <value> does not exist
      When a job is requested with view type <value>
      Then the request is refused because of the view type
      And the client refuses it, too

      Examples:
        | value                  |
        | one below the smallest |
        | one above the largest  |
        | 1000000                |

  Rule: All limits at once

    @PZ-13880
    Scenario: The largest of everything
      Given the configuration of a job with
        | parameter          | value        |
        | time axis duration | the largest  |
        | FFT length         | the largest  |
        | canvas height      | the largest  |
        | first sensor       | the smallest |
        | last sensor        | the largest  |
        | lowest frequency   | the smallest |
        | highest frequency  | the largest  |
      When the job is requested
      Then the job is accepted
      And the side effects are those of one job
      And the job keeps all its promises

    @PZ-13880
    Scenario: The smallest of everything
      Given the configuration of a job with
        | parameter          | value        |
        | time axis duration | the smallest |
        | FFT length         | the smallest |
        | canvas height      | the smallest |
        | sensor range       | 0 to 0       |
        | frequency range    | 0 to 0.001   |
      When the job is requested
      Then the job is accepted
      And the side effects are those of one job
      And the job keeps all its promises

    @PZ-14018 @PZ-13880
    Scenario Outline: A <parameter> of <value> is far out of range
      When a job is requested with <parameter> <value>
      Then the request is refused because of the <parameter>
      And the client refuses it, too

      Examples:
        | parameter          | value                                  |
        | time axis duration | 9223372036854775808                    |
        | FFT length         | 340282366920938463463374607431768211456 |
        | canvas height      | -9223372036854775809                   |
        | last sensor        | 9223372036854775807                    |
        | highest frequency  | 1e308                                  |
        | lowest frequency   | -1e308                                 |
        | view type          | 4294967296                             |

  Rule: Doubling the FFT length doubles the time and halves the step
    Windows overlap by half, whatever their length.

    @PZ-13558 @PZ-14073
    Scenario: The FFT length is doubled step by step
      Given configurations of a playback with each FFT length of
        | FFT length |
        | 128        |
        | 256        |
        | 512        |
        | 1024       |
        | 2048       |
        | 4096       |
      When the jobs are requested one after another
      Then every job is accepted
      When the next 3 rows of every job are asked for
      Then each has twice the time between rows of the one before
      And each has half the frequency resolution of the one before
      And the measured overlap of windows of every job is as configured
      And the side effects are those of 6 jobs
