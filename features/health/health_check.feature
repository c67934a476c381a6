@health
Feature: The health check
  Whatever watches over the server asks it, often and from many places, whether it is alive. The
  answer must be quick, small and always the same.

  Rule: A server that is alive says so

    @PZ-14026 @PZ-14031 @critical @smoke
    Scenario: The health check is answered
      When the health of the server is asked for
      Then the server says that it is healthy

    @PZ-14029
    Scenario Outline: A client that sends <header> as <value>
      When the health of the server is asked for with <header> as <value>
      Then the server says that it is healthy

      Examples:
        | header          | value                          |
        | Accept          | text/html                      |
        | Accept          | application/xml                |
        | Accept-Language | de-CH, fr;q=0.5                |
        | Accept-Encoding | identity                       |
        | User-Agent      | kube-probe/1.31                |
        | Content-Type    | application/x-www-form-urlencoded |
        | X-Forwarded-For | 203.0.113.7, 198.51.100.2      |
        | X-Request-Id    | 00000000-0000-4000-8000-000000000000 |
        | If-None-Match   | *                              |
        | Range           | bytes=0-1                      |

    @PZ-14030
    Scenario: The answer protects its reader
      When the health of the server is asked for
      Then every answer carries the headers that protect its reader

  Rule: The health check can only be read

    @PZ-14027
    Scenario Outline: The method <method> is refused
      When the health of the server is asked for by <method>
      Then it is turned away as a wrong method

      Examples:
        | method |
        | POST   |
        | PUT    |
        | PATCH  |
        | DELETE |
        | HEAD   |
        | OPTIONS |
        | TRACE  |

  Rule: Many may ask at once

    @PZ-14028
    Scenario: Ten clients ask at once
      When 10 clients ask for the health of the server, 5 times each
      Then the server says that it is healthy

    @PZ-14033
    Scenario: Thirty clients ask 20 times each
      When 30 clients ask for the health of the server, 20 times each
      Then the server says that it is healthy
      And each answer of the health check comes within the promised time

    @PZ-14033
    Scenario: Questions while jobs are being made
      Given 30 different live configurations
      When the jobs are requested by 5 clients while 5 others ask for the health of the server
      Then every job is accepted
      And the server says that it is healthy
      And each answer of the health check comes within the promised time
      And the side effects are those of 30 jobs

  Rule: It can be asked over TLS

    @PZ-14032 @critical @smoke
    Scenario: The health check over TLS
      Given an environment in which the server is reached over TLS
      When the health of the server is asked for
      Then the server says that it is healthy
      And it speaks TLS 1.2 or newer, and nothing older

    @PZ-14032
    Scenario: An unknown certificate is refused
      Given an environment in which the server is reached over TLS
      When a client that does not know its authority asks for the health of the server
      Then the client reports that the server cannot be trusted
