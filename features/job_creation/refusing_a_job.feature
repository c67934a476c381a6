@job-creation
Feature: Refusing a job that cannot be computed
  A configuration that cannot be computed must not cost an analyzer, and its sender must be
  told which of its parameters is at fault. No scenario here states a side effect, so none
  may be found.

  Rule: A refused job leaves no trace
    Client and server both know what can be computed: the client would not have sent it, and the
    server refuses what is sent all the same.

    @PZ-14018 @critical @smoke
    Scenario Outline: A job with <what is wrong> is refused and launches nothing
      When a job is requested with <parameter> <value>
      Then the request is refused because of the <parameter>
      And the client refuses it, too

      @PZ-13874
      Examples: a length of zero
        | what is wrong        | parameter  | value |
        | an FFT length of zero | FFT length | 0     |

      @PZ-13875
      Examples: a length below zero
        | what is wrong         | parameter  | value |
        | a negative FFT length | FFT length | -1    |

      @PZ-13876 @PZ-13554 @PZ-13760
      Examples: a reversed sensor range
        | what is wrong               | parameter    | value   |
        | a reversed sensor range | sensor range | 50 to 1 |

      @PZ-13877 @PZ-13555 @PZ-13761
      Examples: a reversed frequency range
        | what is wrong                  | parameter       | value    |
        | a reversed frequency range | frequency range | 500 to 0 |

      @PZ-13878 @PZ-14093
      Examples: a view that does not exist
        | what is wrong              | parameter | value                 |
        | a view that does not exist | view type | one above the largest |
        | a view below all views     | view type | -1                    |

      @PZ-14094
      Examples: a view written as text
        | what is wrong          | parameter | value      |
        | a view written as text | view type | the text 1 |

      @PZ-13903
      Examples: more than can be sampled
        | what is wrong                       | parameter         | value                  |
        | frequencies above the Nyquist limit | highest frequency | just above the largest |

    @PZ-14018 @PZ-13823 @critical
    Scenario: A single channel view of several channels is refused and launches nothing
      When a job is requested with view type 1
      Then the request is refused because of the sensor range or the view type
      And the client refuses it, too

  Rule: Every parameter is needed, but for the times
    A job without times is a live one.

    @PZ-14018 @PZ-13879 @critical
    Scenario Outline: A job without its <parameter> is refused and launches nothing
      When a job is requested without <parameter>
      Then the request is refused because of the <parameter>
      And the client refuses it, too

      @PZ-14095
      Examples: time axis
        | parameter          |
        | time axis duration |

      @PZ-14097
      Examples: transform
        | parameter  |
        | FFT length |

      @PZ-14098
      Examples: frequencies
        | parameter         |
        | frequency range   |
        | lowest frequency  |
        | highest frequency |

      @PZ-14099
      Examples: sensors
        | parameter    |
        | sensor range |
        | first sensor |
        | last sensor  |

      Examples: view and canvas
        | parameter     |
        | view type     |
        | canvas        |
        | canvas height |

    @PZ-14018 @PZ-13879
    Scenario Outline: A job with an empty <parameter> is refused and launches nothing
      When a job is requested with <parameter> nothing
      Then the request is refused because of the <parameter>
      And the client refuses it, too

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

  Rule: A number is a number, and nothing that looks like one

    @PZ-14018
    Scenario Outline: A job with a <parameter> of <value> is refused and launches nothing
      When a job is requested with <parameter> <value>
      Then the request is refused because of the <parameter>
      And the client refuses it, too

      Examples: texts
        | parameter          | value         |
        | time axis duration | the text 10   |
        | FFT length         | the text 1024 |
        | canvas height      | the text tall |
        | canvas height      | the text 1000 |
        | sensor range       | the text 1-50 |
        | first sensor       | the text 1    |
        | last sensor        | the text 50   |
        | frequency range    | the text all  |
        | lowest frequency   | the text 0    |
        | highest frequency  | the text 500  |

      Examples: true, which is no number
        | parameter          | value |
        | time axis duration | true  |
        | FFT length         | true  |
        | canvas height      | true  |
        | first sensor       | true  |
        | last sensor        | true  |
        | lowest frequency   | true  |
        | highest frequency  | true  |
        | view type          | true  |

      Examples: decimals, where things are counted
        | parameter          | value  |
        | time axis duration | 10.0   |
        | FFT length         | 1024.0 |
        | canvas height      | 999.5  |
        | canvas height      | 1000.0 |
        | first sensor       | 1.0    |
        | last sensor        | 50.5   |
        | last sensor        | 50.0   |
        | view type          | 0.0    |

      Examples: lists and groups, where one value is expected
        | parameter          | value  |
        | time axis duration | [10]   |
        | FFT length         | [1024] |
        | canvas             | [1000] |
        | canvas height      | [1000] |
        | sensor range       | [1,50] |
        | frequency range    | [0]    |
        | highest frequency  | [500]  |
        | view type          | [0]    |

  Rule: What the server does not know it does not accept

    @PZ-14018
    Scenario Outline: A job with an unknown parameter beside its <parameter> is refused and launches nothing
      When a job is requested with an unknown parameter beside its <parameter>
      Then the request is refused because of the unknown parameter
      And the client refuses it, too

      Examples:
        | parameter        |
        | FFT length       |
        | canvas height    |
        | first sensor     |
        | lowest frequency |
