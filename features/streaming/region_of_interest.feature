@streaming
Feature: Changing the region of interest
  Whoever follows something along the fibre moves the sensors that a running job looks at, without
  a new job. A region from 100 to 200 holds the sensors 100 to 199.

  Rule: A change takes effect on the running job

    @PZ-13784 @critical
    Scenario: The change is sent over the job's queue and takes effect
      Given a running job with
        | parameter    | value      |
        | sensor range | 100 to 199 |
        | FFT length   | 128        |
      When a region of interest from 110 to 210 is asked for
      Then the region of interest is changed
      And its rows show the region from then on
      And the message was taken from the queue
      And the side effects are those of one job

    @critical
    Scenario Outline: The region <what>
      Given a running job with
        | parameter    | value      |
        | sensor range | 100 to 199 |
        | FFT length   | 128        |
      When a region of interest from <start> to <end> is asked for
      Then the region of interest is changed
      And its rows show the region from then on
      And the side effects are those of one job

      @PZ-13787
      Examples: expands
        | what             | start | end |
        | expands upwards  | 100   | 220 |
        | expands both ways| 90    | 210 |

      @PZ-13788
      Examples: shrinks
        | what               | start | end |
        | shrinks from above | 100   | 160 |
        | shrinks both ways  | 110   | 190 |

      @PZ-13789
      Examples: shifts
        | what              | start | end |
        | shifts upwards    | 120   | 220 |
        | shifts downwards  | 80    | 180 |

      @PZ-13785 @PZ-13800
      Examples: within the limits, and at them
        | what                     | start | end |
        | stays as it is | 100   | 200 |

    @PZ-13785 @PZ-13800
    Scenario Outline: The region <changes to the limit>
      Given a running job with
        | parameter    | value      |
        | sensor range | 100 to 199 |
        | FFT length   | 128        |
      When a region of interest that <changes to the limit> is asked for
      Then the region of interest is changed
      And its rows show the region from then on
      And the side effects are those of one job

      Examples: at the limits
        | changes to the limit         |
        | grows as much as is safe     |
        | shrinks as much as is safe   |
        | moves up as far as is safe   |
        | moves down as far as is safe |

    @PZ-13786
    Scenario: Several changes in sequence
      Given a running job with sensor range 100 to 199
      When a region of interest from 120 to 220 is asked for
      Then the region of interest is changed
      When a region of interest from 150 to 250 is asked for
      Then the region of interest is changed
      When a region of interest from 190 to 290 is asked for
      Then the region of interest is changed
      And the side effects are those of one job

    @PZ-13786
    Scenario: What is safe is measured by the region of now, and not by the first one
      Given a running job with sensor range 100 to 199
      When a region of interest from 140 to 240 is asked for
      Then the region of interest is changed
      When a region of interest from 80 to 180 is asked for
      Then the change is refused because of its shift
      And the side effects are those of one job

    @PZ-14810
    Scenario: The region of one job is no other job's
      Given a running job with sensor range 100 to 199
      And another running job with sensor range 100 to 199
      When a region of interest from 110 to 210 is asked for
      Then the region of interest is changed
      And the region of interest of the other job is as it was
      And the side effects are those of 2 jobs

    @PZ-14808
    Scenario: The rows follow the region
      Given a running job with
        | parameter    | value      |
        | sensor range | 100 to 103 |
        | FFT length   | 128        |
      When a region of interest from 102 to 106 is asked for
      Then the region of interest is changed
      And its rows show the region from then on
      And the side effects are those of one job

  Rule: The smallest and the largest region

    @PZ-13794
    Scenario Outline: A region of a single sensor, <which>
      Given a running job with
        | parameter    | value      |
        | sensor range | <range>    |
        | FFT length   | 128        |
      When a region of interest from <start> to <end> is asked for
      Then the region of interest is changed
      And its rows show the region from then on
      And the side effects are those of one job

      Examples:
        | which      | range      | start | end |
        | any        | 500 to 501 | 500   | 501 |
        | the first  | 0 to 1     | 0     | 1   |

    @PZ-13795
    Scenario: A region of the whole fibre
      Given a running job with
        | parameter    | value       |
        | first sensor | 740         |
        | last sensor  | the largest |
        | FFT length   | 128         |
      When a region of interest from 0 to the end of the fibre is asked for
      Then the region of interest is changed
      And its rows show the region from then on
      And the side effects are those of one job

    @PZ-13796
    Scenario: A region that starts at zero
      Given a running job with
        | parameter    | value      |
        | sensor range | 20 to 119  |
        | FFT length   | 128        |
      When a region of interest from 0 to 100 is asked for
      Then the region of interest is changed
      And its rows show the region from then on
      And the side effects are those of one job

  Rule: Every running view has a region

    @extra
    Scenario Outline: The region of a <kind> is changed
      Beyond the plan: it asks for a change of a live job of many channels only.

      Given a running <kind> with
        | parameter    | value      |
        | sensor range | 100 to 103 |
        | FFT length   | 128        |
      When a region of interest from 102 to 106 is asked for
      Then the region of interest is changed
      And its rows show the region from then on
      And the side effects are those of one job

      Examples:
        | kind           |
        | waterfall view |
        | playback       |

    @extra
    Scenario: The region of a single channel stays as it is
      Beyond the plan: it asks for a change of a job of many channels only.

      Given a running single channel job with
        | parameter  | value |
        | channel    | 20    |
        | FFT length | 128   |
      When a region of interest from 20 to 21 is asked for
      Then the region of interest is changed
      And its rows show the region from then on
      And the side effects are those of one job

    @extra
    Scenario Outline: A single channel <cannot>
      Beyond the plan: it asks for a change of a job of many channels only.

      Given a running single channel job with channel 20
      When a region of interest from <start> to <end> is asked for
      Then the change is refused because of its <reason>
      And the side effects are those of one job

      Examples:
        | cannot                       | start | end | reason |
        | cannot become two            | 20    | 22  | size   |
        | cannot move to the next one  | 21    | 22  | jump   |

    @extra
    Scenario: The region of a cancelled job cannot be changed
      Beyond the plan: it asks for a change of a running job only.

      Given a running job
      When the job is cancelled
      Then no command reaches the job
      And only the task records remain

  Rule: A region that is none is refused, and nothing changes

    Scenario Outline: A region <what>
      Given a running job with sensor range 0 to 99
      When a region of interest from <start> to <end> is asked for
      Then the change is refused because of its <reason>
      And the side effects are those of one job

      @PZ-13790
      Examples: of zero size
        | what         | start | end | reason |
        | of zero size | 50    | 50  | start  |

      @PZ-13791
      Examples: reversed
        | what           | start | end | reason |
        | that is reversed | 80    | 20  | start  |
        | that is reversed by one sensor | 50    | 49  | start  |

      @PZ-13792
      Examples: with a negative start
        | what                  | start | end | reason |
        | with a negative start | -1    | 99  | start  |

      @PZ-13793
      Examples: with a negative end
        | what                | start | end | reason |
        | with a negative end | -20   | -10 | end    |
        | that ends before the first sensor | -5    | 0   | end    |

      @PZ-14786
      Examples: that is no region of the fibre
        | what                     | start | end           | reason |
        | with a start as text     | "10"  | 99            | start  |
        | with a start in decimals | 10.0  | 99            | start  |
        | with a start of true     | true  | 99            | start  |
        | without an end           | 10    | null          | end    |

      @PZ-14774
      Examples: that is a query
        | what                   | start                | end | reason |
        | that begins with query | a query for anything | 99  | start  |

    @PZ-14786
    Scenario: A command with an unknown parameter
      Given a running job with sensor range 0 to 99
      When a region of interest with an unknown parameter is asked for
      Then the change is refused because of its unknown parameter
      And the side effects are those of one job

    @PZ-13769
    Scenario Outline: A message that is <nature> does no harm
      Given a running job with sensor range 0 to 99
      When a message that is <nature> is put into its queue
      Then the message was taken from the queue
      And the region of interest of the job is as it was
      And the side effects are those of one job

      Examples:
        | nature          |
        | no JSON         |
        | no object       |
        | another command |

    @PZ-13795
    Scenario: A region beyond the end of the fibre
      Given a running job with
        | parameter    | value       |
        | first sensor | 2000        |
        | last sensor  | the largest |
      When a region of interest from 2000 to one sensor beyond the fibre is asked for
      Then the change is refused because of its end
      And the side effects are those of one job

  Rule: A region that changes too much at once is unsafe
    An analyzer cannot follow any change. At one time a region may grow or shrink by half its size at
    most, and its middle may move by half its size at most; a region that has no sensor in common with
    the one before is a jump.

    @PZ-13785
    Scenario Outline: A region that <what>
      Given a running job with sensor range 100 to 199
      When a region of interest from <start> to <end> is asked for
      Then the change is refused because of its <reason>
      And the side effects are those of one job

      @PZ-13797
      Examples: jumps
        | what        | start | end  | reason |
        | jumps away  | 1000  | 1100 | jump   |
        | just leaves | 200   | 300  | jump   |
        | jumps back  | 0     | 90   | jump   |
        | just leaves downwards | 0     | 100  | jump   |

      @PZ-13798
      Examples: changes its size by more than half
        | what    | start | end | reason |
        | doubles | 50    | 250 | size   |
        | halves  | 100   | 149 | size   |

      @PZ-13799
      Examples: shifts too far
        | what                      | start | end | reason |
        | shifts by almost its size | 190   | 290 | shift  |
        | shifts down as much       | 10    | 110 | shift  |
        | grows by one, and shifts by half a sensor too many | 150   | 251 | shift  |

    @PZ-13785
    Scenario Outline: A region that <changes too much>
      Given a running job with sensor range 100 to 199
      When a region of interest that <changes too much> is asked for
      Then the change is refused because of its <reason>
      And the side effects are those of one job

      @PZ-13798
      Examples: changes its size by one sensor more
        | changes too much                  | reason |
        | grows by one sensor too many      | size   |
        | shrinks by one sensor too many    | size   |

      @PZ-13799
      Examples: shifts by one sensor more
        | changes too much                  | reason |
        | moves up by one sensor too many   | shift  |
        | moves down by one sensor too many | shift  |
