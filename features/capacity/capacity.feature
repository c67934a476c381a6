@capacity
Feature: Capacity
  So many views can be open at a time, and each shows as many rows as its configuration lets expect.

  Rule: As many jobs as are promised can be there at once

    @PZ-14088 @critical @serial @alone
    Scenario: As many jobs at once as there can be
      Two hundred, as long as the product has decided nothing else.
      Given as many different live configurations as there can be jobs at once
      When all jobs are requested at the same moment
      Then every job is accepted
      And every job has an id of its own
      And 95 in 100 jobs are there within the promised time
      And the side effects are those of the accepted jobs

    @PZ-13896 @normal @serial
    Scenario: When there are too many jobs the server says so
      The product has decided no limit. One that a server has must be told, and none is below what is promised.
      Given 30 different live configurations
      When all jobs are requested at the same moment
      Then every job is accepted, or refused because there are too many
      And the side effects are those of the accepted jobs
      And every job keeps all its promises

  Rule: What a job will cost can be told beforehand, from its answer
    The answer says how long a row takes, and how many channels and frequencies it has: that is the estimate.

    @normal
    Scenario Outline: <what> throughput
      Given a running job with
        | parameter         | value   |
        | FFT length        | <NFFT>  |
        | first sensor      | 1       |
        | last sensor       | <last>  |
      When its rows are asked for during 3 seconds
      Then as many rows have come as the answer lets expect
      And every row is of its sensors, frequencies and length
      And the side effects are those of one job

      @PZ-13905 @PZ-13904
      Examples: high
        | what | NFFT | last |
        | High | 128  | 200  |

      @PZ-13906 @PZ-13904
      Examples: low
        | what | NFFT | last |
        | Low  | 4096 | 1    |
