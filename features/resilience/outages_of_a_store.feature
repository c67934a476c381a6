@resilience @serial
Feature: When a store fails
  A job needs its record, its analyzer and its queue. When one of the three stores fails, whoever
  asks is told which one, no job is left half made, and all goes on by itself when it is back.

  Rule: Whoever asks for a job is told which store failed, and no job is left half made

    @critical
    Scenario Outline: <store> cannot be reached
      Given a live configuration with every parameter set
      And <store> cannot be reached
      When the job is requested
      Then it is said that <store> is not available
      And it is said within the promised time
      And no answer shows a password, an address of a store or the server's inside
      And what was begun is undone

      @PZ-13767 @PZ-14718
      Examples: MongoDB
        | store   |
        | MongoDB |

      @PZ-13602 @PZ-14724
      Examples: RabbitMQ
        | store    |
        | RabbitMQ |

      @PZ-13604
      Examples: Kubernetes
        | store      |
        | Kubernetes |

    Scenario Outline: A job is requested under a task id while <store> cannot be reached
      Given a live configuration with every parameter set
      And <store> cannot be reached
      When the job is requested under a task id
      Then it is said that <store> is not available
      And it is said within the promised time
      And what was begun is undone

      @PZ-13767 @PZ-14718
      Examples: MongoDB
        | store   |
        | MongoDB |

      @PZ-13602 @PZ-14724
      Examples: RabbitMQ
        | store    |
        | RabbitMQ |

      @PZ-13604
      Examples: Kubernetes
        | store      |
        | Kubernetes |

    @PZ-13603
    Scenario: A playback is requested while MongoDB cannot be reached
      Given the configuration of a playback
      And MongoDB cannot be reached
      When the job is requested
      Then it is said that MongoDB is not available
      And what was begun is undone

    @PZ-13603
    Scenario: MongoDB breaks down while a playback is made
      Given a running job
      And the configuration of a playback
      And MongoDB takes a second to answer
      When the job is requested, and MongoDB breaks down once its record shows
      Then it is said that MongoDB is not available
      And what was begun is still there
      When all stores work again
      Then the side effects are those of one job

    @PZ-14738 @critical
    Scenario: MongoDB and RabbitMQ cannot be reached
      Given a live configuration with every parameter set
      And MongoDB and RabbitMQ cannot be reached
      When the job is requested
      Then it is said that MongoDB or RabbitMQ is not available
      And it is said within the promised time
      And no answer shows a password, an address of a store or the server's inside
      And what was begun is undone

    Scenario Outline: <store> does not answer
      Given a live configuration with every parameter set
      And <store> does not answer
      When the job is requested
      Then it is said that <store> is not available
      And it is said within the promised time
      And what was begun is undone

      @PZ-13767 @PZ-14718
      Examples: MongoDB
        | store   |
        | MongoDB |

      @PZ-13602 @PZ-14724
      Examples: RabbitMQ
        | store    |
        | RabbitMQ |

      @PZ-13604
      Examples: Kubernetes
        | store      |
        | Kubernetes |

    Scenario Outline: <store> does what it is asked, and its answers are lost
      Given a running job
      And <store> does what it is asked, but its answers are lost
      When the job is requested, and its <effect> shows before there is an answer
      Then it is said that <store> is not available
      When all stores work again
      Then the side effects are those of one job

      @PZ-13767 @PZ-14718
      Examples: MongoDB
        | store   | effect |
        | MongoDB | record |

      @PZ-13604
      Examples: Kubernetes
        | store      | effect   |
        | Kubernetes | analyzer |

    @PZ-13604 @PZ-14718 @critical
    Scenario: What cannot be undone at once is undone when the stores are back
      Given a live configuration with every parameter set
      And RabbitMQ does not answer
      When the job is requested, and MongoDB and Kubernetes break down once its analyzer shows
      Then it is said that RabbitMQ is not available
      And what was begun is still there
      When all stores work again
      Then what was begun is undone

    @PZ-13602 @PZ-14724
    Scenario: RabbitMQ breaks down when the queue is made, and nobody takes anything from it yet
      Given a live configuration with every parameter set
      And RabbitMQ takes its time to answer
      When the job is requested, and RabbitMQ breaks down once its queue shows
      Then it is said that RabbitMQ is not available
      And what was begun is still there
      When all stores work again
      Then what was begun is undone

    @PZ-13602 @PZ-14724 @alone
    Scenario: The client goes away while RabbitMQ takes its time
      Given a live configuration with every parameter set
      And RabbitMQ takes its time to answer
      When the job is requested by a client that goes away before there is an answer
      And all stores work again
      Then what was begun is undone

    @PZ-14787
    Scenario: A job that is not finished yet cannot be found or cancelled
      Given a live configuration with every parameter set
      And RabbitMQ does not answer
      When the job is requested, and somebody looks it up and cancels it while it is half made
      Then neither finds such a job
      And it is said that RabbitMQ is not available
      When all stores work again
      Then what was begun is undone

  Rule: All goes on when the store is back, and nobody has to restart anything

    @critical
    Scenario Outline: The same request succeeds when <store> can be reached again
      Given a live configuration with every parameter set
      And <store> cannot be reached
      When the job is requested
      Then it is said that <store> is not available
      When all stores work again
      Then the same request is accepted within the promised time
      And the side effects are those of one job

      @PZ-14719 @PZ-14744
      Examples: MongoDB
        | store   |
        | MongoDB |

      @PZ-14725 @PZ-14744
      Examples: RabbitMQ
        | store    |
        | RabbitMQ |

      @PZ-13604
      Examples: Kubernetes
        | store      |
        | Kubernetes |

    @PZ-14742
    Scenario Outline: MongoDB and RabbitMQ come back, <first> first
      Given a live configuration with every parameter set
      And MongoDB and RabbitMQ cannot be reached
      When <first> can be reached again
      Then the same request is refused because of <second> within the promised time
      And what was begun is undone
      When all stores work again
      Then the same request is accepted within the promised time
      And the side effects are those of one job

      Examples:
        | first    | second   |
        | MongoDB  | RabbitMQ |
        | RabbitMQ | MongoDB  |

    @PZ-14743
    Scenario: All stores come back one after another, and each request gets as far as they are
      Given a running job
      When MongoDB, RabbitMQ and Kubernetes cannot be reached any more
      And MongoDB can be reached again
      Then the same request is refused because of Kubernetes within the promised time
      When Kubernetes can be reached again
      Then the same request is refused because of RabbitMQ within the promised time
      When all stores work again
      Then the same request is accepted within the promised time
      And the side effects are those of 2 jobs

    @PZ-13687
    Scenario: What was recorded during an outage is found after it
      Given MongoDB cannot be reached
      And a recording of one minute
      When the recordings of that time are asked for
      Then it is said that MongoDB is not available
      When all stores work again
      Then the recording is listed within the promised time
      And MongoDB finds recordings quickly by
        | by        | unique |
        | identity  | yes    |
        | beginning | no     |
        | end       | no     |
        | deletion  | no     |

    @PZ-14725
    Scenario: A running job gets its consumer back
      Given a running job
      When RabbitMQ cannot be reached any more
      Then the side effects are
        | side effect  | change |
        | task record  | +1     |
        | analyzer     | +1     |
        | analyzer pod | +1     |
        | work queue   | +1     |
      When all stores work again
      Then the side effects are those of one job

  Rule: What is asked of a running job is done whole, or refused

    Scenario Outline: A job is cancelled while <store> cannot be reached
      Given a running job
      When <store> cannot be reached any more
      And the job is cancelled
      Then it is said that <store> is not available
      When all stores work again
      Then the cancelling is confirmed within the promised time
      And only the task records remain

      @PZ-13767 @PZ-14718
      Examples: MongoDB
        | store   |
        | MongoDB |

      @PZ-14724
      Examples: RabbitMQ
        | store    |
        | RabbitMQ |

      @PZ-14781
      Examples: Kubernetes
        | store      |
        | Kubernetes |

    @PZ-14718
    Scenario: The region of interest is changed while MongoDB cannot be reached
      Given a running job with sensor range 100 to 199
      When MongoDB cannot be reached any more
      And a region of interest from 110 to 210 is asked for
      And all stores work again
      Then the change is refused because of MongoDB
      And the side effects are those of one job

  Rule: What needs the store says so, and all else goes on

    @PZ-13767 @PZ-14718
    Scenario Outline: While MongoDB cannot be reached <question>
      Given a running job
      And a recording of one minute
      When MongoDB cannot be reached any more
      And <question>
      Then it is said that MongoDB is not available
      And it is said within the promised time
      And no answer shows a password, an address of a store or the server's inside
      And the side effects are those of one job

      Examples:
        | question                                  |
        | the metadata of the job is asked for      |
        | the rows of the job are asked for         |
        | the live metadata are asked for           |
        | the recordings of that time are asked for |

    Scenario Outline: While <store> cannot be reached <question> as ever
      Given a running job with FFT length 128
      And a recording of one minute
      When <store> cannot be reached any more
      And <question>
      Then <answer>
      When all stores work again
      Then the side effects are those of one job

      @PZ-13767 @PZ-14718
      Examples: without MongoDB
        | store   | question                                | answer                                       |
        | MongoDB | the health of the server is asked for   | the server says that it is healthy           |
        | MongoDB | the channels of the fibre are asked for | they reach from the first sensor to the last |
        | MongoDB | the sensors of the fibre are asked for  | every sensor of the fibre is listed once     |

      @PZ-14724
      Examples: without RabbitMQ
        | store    | question                                   | answer                                        |
        | RabbitMQ | the health of the server is asked for      | the server says that it is healthy            |
        | RabbitMQ | the channels of the fibre are asked for    | they reach from the first sensor to the last  |
        | RabbitMQ | the sensors of the fibre are asked for     | every sensor of the fibre is listed once      |
        | RabbitMQ | the metadata of the job is asked for       | the metadata is that of the job               |
        | RabbitMQ | its rows are asked for until there are 2   | the rows follow each other at its output rate |
        | RabbitMQ | the recordings of that time are asked for  | the recording is listed                       |

    @extra
    Scenario Outline: While Kubernetes cannot be reached <question> as ever
      Beyond the plan: it does not ask what else goes on while Kubernetes is away.

      Given a running job
      And a recording of one minute
      When Kubernetes cannot be reached any more
      And <question>
      Then <answer>
      When all stores work again
      Then the side effects are those of one job

      Examples:
        | question                                  | answer                                       |
        | the health of the server is asked for     | the server says that it is healthy           |
        | the channels of the fibre are asked for   | they reach from the first sensor to the last |
        | the sensors of the fibre are asked for    | every sensor of the fibre is listed once     |
        | the recordings of that time are asked for | the recording is listed                      |

    Scenario Outline: While <store> cannot be reached <question>, and nothing wrong is told
      A server may look first whether the recorder or the analyzer runs, and say that the store is missing.
      Beyond the plan: it does not ask what else goes on while Kubernetes is away.

      Given a running job with FFT length 128
      And a recording is under way
      When <store> cannot be reached any more
      And <question>
      Then <answer>, or it is said that <store> is not available
      When all stores work again
      Then the side effects are those of one job

      @PZ-14724
      Examples: without RabbitMQ
        | store    | question                        | answer                                    |
        | RabbitMQ | the live metadata are asked for | they are those of the recording under way |

      @extra
      Examples: without Kubernetes
        | store      | question                             | answer                                    |
        | Kubernetes | the live metadata are asked for      | they are those of the recording under way |
        | Kubernetes | the metadata of the job is asked for | the metadata is that of the job           |
        | Kubernetes | the rows of the job are asked for    | the rows go on                            |
