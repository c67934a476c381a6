@load
Feature: Under load
  Views are opened when something happens, and then by everybody. However many jobs are asked for, each that is promised is
  made whole: a load that loses a job fails, however fast it was. These are short loads; `make load` has the long ones.

  Rule: Whatever the load looks like, no job is lost

    @serial
    Scenario Outline: <shape>: <jobs> jobs, none of them lost
      When jobs are requested at this rate
        | seconds | from    | to    |
        | 0.5     | <first> | <first> |
        | 0.5     | <then>  | <last>  |
        | 0.5     | <first> | <first> |
      Then every job is accepted
      And 95 in 100 jobs are there within the promised time
      And the side effects are those of <jobs> jobs
      And every job keeps all its promises

      @PZ-14805 @normal
      Examples: the same rate all the time
        | shape  | first | then | last | jobs |
        | Steady | 10    | 10   | 10   | 15   |

      @PZ-14803 @normal
      Examples: more and more
        | shape | first | then | last | jobs |
        | Ramp  | 4     | 4    | 28   | 12   |

      @PZ-14804 @normal
      Examples: suddenly many
        | shape | first | then | last | jobs |
        | Spike | 2     | 36   | 36   | 20   |

      @PZ-14802 @critical
      Examples: as many as have to be carried
        | shape | first | then | last | jobs |
        | Peak  | 16    | 20   | 20   | 26   |

    @PZ-14801 @critical @serial
    Scenario Outline: Sustained load for <seconds> seconds
      When jobs are requested at this rate, and each is cancelled when it was found whole
        | seconds   | from   | to     |
        | <seconds> | <rate> | <rate> |
      Then every job is accepted
      And no job was lost meanwhile
      And 95 in 100 jobs are there within the promised time
      And only the task records remain

      Examples: in short
        | rate | seconds |
        | 8    | 2       |

      @soak @alone
      Examples: an hour
        | rate | seconds |
        | 2    | 3600    |

  Rule: After a load all is as before

    @PZ-14806 @normal @serial @alone
    Scenario: After many jobs at once the next one is as quick as before
      Given 30 different live configurations
      When the jobs are requested and cancelled by 30 clients at once
      Then every job is accepted
      And a new job is there as quickly as before within the promised time
      And only the task records remain

    @PZ-14807 @normal @serial
    Scenario: Under load the queues of RabbitMQ are exhausted
      Given 20 different live configurations
      And RabbitMQ takes no more queues
      When all jobs are requested at the same moment
      Then it is said that RabbitMQ is not available
      And what was begun is undone
