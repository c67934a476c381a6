@errors
Feature: When something goes wrong
  A request can fail on its way, at the server, or behind it. Whoever asked must be told at once
  what happened, in one form, and must not be left with half a job.

  Rule: Whoever asks is told in time what failed on the way, and no job is left half made
    A gateway in front of the server passes the request on, or half of it. Nothing is asked twice.

    @serial
    Scenario Outline: A gateway <fails> while a job is made
      Given a live configuration with every parameter set
      And RabbitMQ takes its time to answer
      And a gateway in front of the server that passes requests on
      When the job is requested through the gateway, which <fails>
      And all stores work again
      Then the client reports that <failure>
      And the request was sent once
      And the job is there as a whole, or not at all

      @PZ-14782
      Examples: gateway timeout
        | fails                          | failure          |
        | gives up once its record shows | it took too long |

      @PZ-14783
      Examples: network
        | fails                                     | failure              |
        | keeps the answer back                     | no answer came within its time limit |
        | cuts the connection once its record shows | the connection broke |

    @PZ-14783
    Scenario: Half of the request gets to the server, and no job comes of it
      Given a live configuration with every parameter set
      And a gateway in front of the server that passes half of a request on
      When the job is requested through the gateway
      Then the client reports that no answer came within its time limit
      And the request was sent once

    @extra
    Scenario: Nobody listens
      Beyond the plan: its case is a server that does not listen. Here only the client is shown.

      Given a live configuration with every parameter set
      And a gateway in front of the server that is not there
      When the job is requested through the gateway
      Then the client reports that nobody listens

  Rule: The server says which of its stores cannot be used, and leaves nothing half done

    @critical @serial
    Scenario Outline: <store> takes no more <what>
      Given a live configuration with every parameter set
      And <store> takes no more <what>
      When the job is requested
      Then it is said that <store> is not available
      And it is said within the promised time
      And no answer shows a password, an address of a store or the server's inside
      And what was begun is undone

      @PZ-14781 @PZ-14779
      Examples: queues
        | store    | what   |
        | RabbitMQ | queues |

      @PZ-13604
      Examples: analyzers
        | store      | what      |
        | Kubernetes | analyzers |

    @serial
    Scenario Outline: The same request succeeds when <store> takes <what> again
      Given a live configuration with every parameter set
      And <store> takes no more <what>
      When the job is requested
      Then it is said that <store> is not available
      When all stores work again
      Then the same request is accepted within the promised time
      And the side effects are those of one job

      @PZ-14781
      Examples: queues
        | store    | what   |
        | RabbitMQ | queues |

      @PZ-13604
      Examples: analyzers
        | store      | what      |
        | Kubernetes | analyzers |

  Rule: Errors have one form
    A reason in words, or a list of what is wrong and where. Nothing of the server's inside.

    @PZ-14787
    Scenario Outline: <what> is told like any other error
      When <what> is asked of the server
      Then it is told in the form that all errors have

      Examples:
        | what                                 |
        | a page that does not exist           |
        | a page with a slash too many         |
        | the metadata of an unknown job       |
        | the end of an unknown job            |
        | the rows of an unknown job           |
        | a job by the wrong method            |
        | a job with a body that is no JSON    |
        | a job with a body of another type    |
        | a job with a body that is too large  |
        | a job with a parameter out of range  |
        | a job without any parameter          |
        | a playback of what was not recorded  |
        | a job under a malformed task id      |

    @PZ-14787
    Scenario: All that is wrong with a configuration is told at once
      When a job is requested with
        | parameter     | value |
        | FFT length    | 0     |
        | canvas height | 0     |
        | view type     | 9     |
      Then the request is refused because of the FFT length, the canvas height and the view type

    @PZ-14787
    Scenario: A malformed task id is told with all else that is wrong
      When a job is requested under a malformed task id with FFT length 0
      Then the request is refused because of the task id and the FFT length

    @PZ-14780 @critical
    Scenario: What the server did not foresee is told like any other error, and harms no other job
      Given a running job
      And another running job with sensor range 100 to 199
      When its record loses its configuration
      And metadata, rows and the end of the job are asked for
      Then it is said that there was an internal error
      And no answer shows a password, an address of a store or the server's inside
      And the other job keeps all its promises
      And the side effects are those of 2 jobs
