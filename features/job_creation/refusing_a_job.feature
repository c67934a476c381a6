@job-creation
Feature: Refusing a job that cannot be computed
  A configuration that cannot be computed must not cost an analyzer, and its sender must be
  told which of its parameters is at fault. No scenario here states a side effect, so none
  may be found.

  Rule: A refused job leaves no trace

    @PZ-14018 @critical @smoke
    Scenario Outline: A job with <what is wrong> is refused and launches nothing
      When a job is requested with <parameter> <value>
      Then the request is refused because of the <parameter>

      @PZ-13874
      Examples: an FFT of nothing
        | what is wrong        | parameter  | value |
        | nothing to transform | FFT length | 0     |

      @PZ-13875
      Examples: an FFT of less than nothing
        | what is wrong         | parameter  | value |
        | a negative FFT length | FFT length | -1    |

      @PZ-14072
      Examples: an FFT that is not fast
        | what is wrong                         | parameter  | value |
        | an FFT length that is no power of two | FFT length | 1000  |

      @PZ-13876
      Examples: a sensor range turned round
        | what is wrong               | parameter    | value   |
        | a sensor range turned round | sensor range | 50 to 1 |

      @PZ-13877
      Examples: a frequency range turned round
        | what is wrong                  | parameter       | value    |
        | a frequency range turned round | frequency range | 500 to 0 |

      @PZ-13878
      Examples: a view that does not exist
        | what is wrong              | parameter | value |
        | a view that does not exist | view type | 3     |

      @PZ-13903
      Examples: more than can be sampled
        | what is wrong                       | parameter         | value  |
        | frequencies above the Nyquist limit | highest frequency | 1000.5 |

      Examples: other kinds
        | what is wrong                   | parameter          | value      |
        | an FFT length written as text   | FFT length         | the text 1 |
        | more sensors than the fibre has | last sensor        | 2222       |
        | a canvas without height         | canvas height      | 0          |
        | a time axis of no length        | time axis duration | 0          |
        | a beginning without an end      | start time         | 1700000000 |

    @PZ-14018 @PZ-13823 @critical
    Scenario: A single sensor's view of several sensors is refused and launches nothing
      When a job is requested with view type 1
      Then the request is refused because of the sensor range

    @PZ-14018 @PZ-13879 @critical
    Scenario Outline: A job without its <parameter> is refused and launches nothing
      When a job is requested without <parameter>
      Then the request is refused because of the <parameter>

      Examples:
        | parameter          |
        | time axis duration |
        | FFT length         |
        | canvas height      |
        | sensor range       |
        | frequency range    |
        | view type          |

  Rule: The client refuses before it asks
    What the client can see for itself is said at once, and costs no request.

    @extra
    Scenario Outline: The client refuses <what is wrong>
      When the client is handed a configuration with <parameter> <value>
      Then the client refuses because of the <parameter>
      And nothing is sent to the server

      Examples: out of range
        | what is wrong                         | parameter         | value  |
        | an FFT length below the range         | FFT length        | 64     |
        | an FFT length above the range         | FFT length        | 8192   |
        | a sensor that the fibre does not have | last sensor       | 2222   |
        | a frequency above the Nyquist limit   | highest frequency | 1000.5 |
        | a view that does not exist            | view type         | 3      |

      Examples: of the wrong type
        | what is wrong                   | parameter     | value      |
        | an FFT length written as text   | FFT length    | the text 1 |
        | a canvas height that is a truth | canvas height | true       |

    @extra
    Scenario Outline: The client refuses a configuration without <parameter>
      When the client is handed a configuration without <parameter>
      Then the client refuses because of the <parameter>
      And nothing is sent to the server

      Examples:
        | parameter          |
        | time axis duration |
        | FFT length         |
        | canvas height      |
        | sensor range       |
        | frequency range    |
        | view type          |

    @extra
    Scenario: The client refuses something that is no configuration
      When the client is handed something that is no configuration
      Then the client refuses it
      And nothing is sent to the server
