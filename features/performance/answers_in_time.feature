@performance
Feature: Answers in time
  A control room opens many views a day. One quick answer says little: what counts is how long most of them take, and the
  slowest few. Each figure is of so many answers in 100, and every answer of a job that was made is looked at in the stores.

  Rule: Jobs are made quickly, one after another

    @PZ-14790 @PZ-14091 @PZ-14092 @critical @serial @alone
    Scenario: Of a hundred jobs nearly all are there in no time
      Given 100 different live configurations
      When the jobs are requested and cancelled one after another
      Then every job is accepted
      And 50 in 100 jobs are there within the promised time
      And 95 in 100 jobs are there within the promised time
      And 99 in 100 jobs are there within the promised time
      And only the task records remain

    @PZ-14799 @critical @serial
    Scenario: From the request to the first row
      Given 10 different live configurations
      When the jobs are requested one after another, each until its first row
      Then every job is accepted
      And 95 in 100 first rows are there within the promised time
      And the side effects are those of 10 jobs

  Rule: A job is read quickly, also by many

    @serial @alone
    Scenario Outline: The <what> of a job for <who>
      Given a running job
      When <clients> clients ask for the <what> of the job, <times> times each
      Then 95 in 100 answers are there within the promised time
      And the side effects are those of one job

      @PZ-14792 @PZ-14764 @critical
      Examples: metadata
        | what     | who        | clients | times |
        | metadata | one client | 1       | 100   |

      @PZ-14791 @critical
      Examples: rows
        | what | who        | clients | times |
        | rows | one client | 1       | 100   |

      @PZ-14793 @critical
      Examples: many at once
        | what     | who            | clients | times |
        | metadata | twenty at once | 20      | 10    |
        | rows     | twenty at once | 20      | 5     |

    @PZ-14798 @minor @serial
    Scenario: A slow network costs its own time, and not much more
      Given a running job
      And a network to the server that takes 250 ms in each direction
      When the metadata of the job is asked for 4 times over that network
      Then no answer takes more than the promised number of round trips
      And the side effects are those of one job

  Rule: Jobs that have come and gone cost the server no more than they should

    @serial
    Scenario Outline: <what>
      Given 40 different live configurations
      When the jobs are requested and cancelled by 4 clients at once
      Then every job is accepted
      And <promise>
      And only the task records remain

      @PZ-14795 @normal
      Examples: memory
        | what                     | promise                                               |
        | The server's memory      | the server has used no more memory than is promised    |

      @PZ-14796 @normal
      Examples: CPU
        | what                     | promise                                                              |
        | The server's CPU time    | the server has used no more CPU time for each job than is promised   |

      @PZ-14797 @normal @alone
      Examples: queries
        | what                     | promise                                  |
        | The queries in MongoDB   | the server has used no more time for a query in MongoDB than is promised |
