@robustness
Feature: Surviving malformed requests
  Not every request comes from a good client. Whatever is sent, the server answers, says what is
  wrong, makes nothing of it, and goes on serving everybody else.

  Rule: What cannot be read is turned away

    @PZ-13769 @PZ-13572
    Scenario Outline: <what> is sent
      When <what> is sent to the server
      Then it is turned away as <why>

      @PZ-14785
      Examples: no JSON
        | what                       | why        |
        | an empty body              | unreadable |
        | a body cut short           | unreadable |
        | a body of plain text       | unreadable |
        | a body with a comma behind | unreadable |
        | a body in single quotes    | unreadable |
        | not a number (NaN)         | unreadable |
        | an infinite number         | unreadable |
        | bytes that are no text     | unreadable |
        | a body in UTF-16           | unreadable |
        | endless nesting            | unreadable |
        | a parameter given twice    | unreadable |

      @PZ-14786
      Examples: JSON, and no configuration
        | what                 | why                |
        | an empty object      | no configuration   |
        | a list               | no configuration   |
        | a number             | no configuration   |
        | a text               | no configuration   |
        | nothing at all, null | no configuration   |

      @PZ-14786 @PZ-14018
      Examples: said to be something else
        | what                              | why                             |
        | a configuration called text       | of the wrong type               |
        | a configuration called XML        | of the wrong type               |
        | a configuration called a form     | of the wrong type               |
        | a form with a configuration in it | of the wrong type               |
        | a configuration called nothing    | of the wrong type               |
        | a compressed configuration        | unreadable or of the wrong type |

      @PZ-14786 @PZ-14018
      Examples: too much
        | what               | why       |
        | a body of 100 kB   | too large |
        | a body of 2 MB     | too large |

    @PZ-13769
    Scenario: The largest body that is read is accepted
      When a job is requested with a body as large as is read
      Then the job is accepted
      And the side effects are those of one job
      And its record is complete

    @PZ-13769
    Scenario: A configuration that tells its character set is accepted
      When a job is requested with a body that tells its character set
      Then the job is accepted
      And the side effects are those of one job
      And its record is complete

    @PZ-13769
    Scenario: A configuration that comes in two halves is accepted
      When a job is requested with a body that comes in two halves
      Then the job is accepted
      And the side effects are those of one job
      And its record is complete

    @PZ-13769 @PZ-14018
    Scenario Outline: A body <size> is turned away
      When a job is requested with a body <size>
      Then it is turned away as too large

      Examples:
        | size                                     |
        | one byte larger than is read             |
        | twice as large as is read, in two halves |

    @PZ-13572
    Scenario: After all of it the server still serves
      Given a live configuration with every parameter set
      When everything malformed is sent to the server
      And the job is requested
      Then the job is accepted
      And the side effects are those of one job
      And the job keeps all its promises

  Rule: Whatever is sent is either refused without a trace, or valid and fully carried out
    The requests are generated. Nearly all have one mistake, and each kind of mistake comes as often as
    another; some have two, some are anything at all, and one in eight is valid: each view, and playbacks
    of a recording. Which of them came is kept with the results. The same ones come at every run, but for
    the time that is played back; `-D seed=…` gives others.

    @PZ-13572 @PZ-13769 @critical
    Scenario: Some hundreds of generated requests
      When 300 generated requests are sent
      Then each was refused without a trace, or was valid and fully carried out
      And only the task records remain
