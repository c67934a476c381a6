@resilience @disruptive
Feature: When a part of the system is stopped, killed or restarted
  MongoDB, RabbitMQ, the Focus Server and the recorder run in pods on Kubernetes. While one of them is
  stopped, clients are told so, and no job is left half made. All goes on by itself when it is back.

  Rule: While a part is stopped clients are told so, and nothing is left half made
    Background:
      Given a running job

    @critical
    Scenario Outline: <store> is stopped, and comes back
      When <store> is scaled to zero
      And the job is requested
      Then it is said that <store> is not available
      And it is said within the promised time
      And no answer shows a password, an address of a store or the server's inside
      When <store> is started again
      Then <store> is back within the promised time
      And the same request is accepted within the promised time
      And the side effects are those of 2 jobs

      @PZ-14716
      Examples: MongoDB
        | store   |
        | MongoDB |

      @PZ-14722
      Examples: RabbitMQ
        | store    |
        | RabbitMQ |

    @PZ-14738 @critical
    Scenario: MongoDB and RabbitMQ are stopped together, and come back
      When MongoDB and RabbitMQ are scaled to zero
      And the job is requested
      Then it is said that MongoDB or RabbitMQ is not available
      And it is said within the promised time
      And no answer shows a password, an address of a store or the server's inside
      When RabbitMQ and MongoDB come back, one after another
      Then the same request is accepted within the promised time
      And the side effects are those of 2 jobs

    @PZ-14728 @PZ-14730 @PZ-14731 @PZ-14784 @critical
    Scenario: The Focus Server is stopped, and comes back
      When the Focus Server is scaled to zero
      And a client asks for a job, the end of the job and the health of the server
      Then the client reports each time that the server is not there
      When the Focus Server is started again
      Then the Focus Server is back within the promised time
      And the same request is accepted within the promised time
      And the side effects are those of 2 jobs

    @PZ-14734 @PZ-14736 @PZ-14737
    Scenario: The recorder is stopped, and comes back
      Given the recorder is recording
      When the recorder is scaled to zero
      And the live metadata are asked for
      Then it is said that there is no live source
      And what was being recorded has ended, and is listed
      And the same request is accepted within the promised time
      When the recorder comes back
      Then the live metadata are those of the recording under way within the promised time
      And the side effects are those of 2 jobs

  Rule: A part that is restarted comes back by itself, and what there was is still there

    @critical
    Scenario Outline: <part> is restarted
      Given a running job
      When <part> is restarted
      Then <part> is back within the promised time
      And <part> runs in another pod than before
      And the same request is accepted within the promised time
      And the side effects are those of 2 jobs

      @PZ-14715 @PZ-14720
      Examples: MongoDB
        | part    |
        | MongoDB |

      @PZ-14721 @PZ-14726
      Examples: RabbitMQ
        | part     |
        | RabbitMQ |

      @PZ-14727 @PZ-14732
      Examples: Focus Server
        | part             |
        | the Focus Server |

    @PZ-13687
    Scenario: What was recorded before MongoDB is restarted is found after it, and recording goes on
      Given the recorder is recording
      And a recording of one minute
      When MongoDB is restarted
      Then MongoDB is back within the promised time
      When the recordings of that time are asked for
      Then the recording is listed
      And MongoDB finds recordings quickly by
        | by        | unique |
        | identity  | yes    |
        | beginning | no     |
        | end       | no     |
        | deletion  | no     |
      And the live metadata are those of the recording under way within the promised time

    Scenario Outline: The recorder is <disrupted> while it records
      Given the recorder is recording
      When the recorder is <disrupted>
      Then the recorder is back within the promised time
      And the recorder runs in another pod than before
      And what was being recorded has ended, and is listed
      And the live metadata are those of the recording under way within the promised time

      @PZ-14733
      Examples: restarted
        | disrupted |
        | restarted |

      @PZ-14735
      Examples: killed
        | disrupted |
        | killed    |

  Rule: A job that is being made when a part dies is made whole, or not at all
    Background:
      Given a live configuration with every parameter set
      And RabbitMQ takes its time to answer

    @critical
    Scenario Outline: <part> is killed when the <effect> of a job is there
      When the job is requested, and <part> is killed once its <effect> shows
      Then <answer>
      And it is said within the promised time
      And no answer shows a password, an address of a store or the server's inside
      And <part> is back within the promised time
      When all stores work again
      Then the same request is accepted within the promised time
      And the job is there as a whole, or not at all

      @PZ-14717
      Examples: MongoDB
        | part    | effect | answer                                                           |
        | MongoDB | record | the job is accepted, or it is said that MongoDB is not available |

      @PZ-14723
      Examples: RabbitMQ
        | part     | effect | answer                                                            |
        | RabbitMQ | queue  | the job is accepted, or it is said that RabbitMQ is not available |

      @PZ-14729
      Examples: Focus Server
        | part             | effect   | answer                                     |
        | the Focus Server | record   | the client reports that the server is gone |
        | the Focus Server | analyzer | the client reports that the server is gone |
        | the Focus Server | queue    | the client reports that the server is gone |

  Rule: Parts come back in any order
    Background:
      Given a running job

    @PZ-14739
    Scenario: MongoDB and the Focus Server are stopped, and the server comes back first
      When MongoDB and the Focus Server are scaled to zero
      And the Focus Server is started again
      Then the Focus Server is back within the promised time
      And the same request is refused because of MongoDB within the promised time
      When MongoDB is started again
      Then MongoDB is back within the promised time
      And the same request is accepted within the promised time
      And the side effects are those of 2 jobs

    @PZ-14740
    Scenario: RabbitMQ and the Focus Server are stopped, and the queues are there before the server
      When RabbitMQ and the Focus Server are scaled to zero
      And RabbitMQ is started again
      Then RabbitMQ is back within the promised time
      And the side effects are
        | side effect  | change |
        | task record  | +1     |
        | analyzer     | +1     |
        | analyzer pod | +1     |
        | work queue   | +1     |
      When the Focus Server is started again
      Then the Focus Server is back within the promised time
      And the same request is accepted within the promised time
      And the side effects are those of 2 jobs

    @PZ-14741
    Scenario: The Focus Server and the recorder are stopped, and the server comes back first
      Given the recorder is recording
      When the Focus Server and the recorder are scaled to zero
      And the Focus Server is started again
      Then the Focus Server is back within the promised time
      When the live metadata are asked for
      Then it is said that there is no live source
      When the recorder is started again
      Then the live metadata are those of the recording under way within the promised time
      And the side effects are those of one job

    @PZ-14742 @PZ-14743
    Scenario Outline: All come back, <first>, <second> and then the Focus Server
      When MongoDB, RabbitMQ and the Focus Server are scaled to zero
      And <first>, <second> and the Focus Server come back, one after another
      Then the same request is accepted within the promised time
      And the side effects are those of 2 jobs

      Examples:
        | first    | second   |
        | MongoDB  | RabbitMQ |
        | RabbitMQ | MongoDB  |

    @PZ-14742 @PZ-14743
    Scenario Outline: All come back, <first>, the Focus Server and then <last>
      When MongoDB, RabbitMQ and the Focus Server are scaled to zero
      And <first> and the Focus Server come back, one after another
      Then the same request is refused because of <last> within the promised time
      When the health of the server is asked for
      Then the server says that it is healthy
      When <last> comes back
      Then the same request is accepted within the promised time
      And the side effects are those of 2 jobs

      @PZ-14722
      Examples: RabbitMQ last
        | first   | last     |
        | MongoDB | RabbitMQ |

      @PZ-14716
      Examples: MongoDB last
        | first    | last    |
        | RabbitMQ | MongoDB |

    @PZ-14742 @PZ-14743
    Scenario Outline: All come back, the Focus Server, <second> and then <last>
      When MongoDB, RabbitMQ and the Focus Server are scaled to zero
      And the Focus Server comes back
      Then the same request is refused because of MongoDB or RabbitMQ within the promised time
      When <second> comes back
      Then the same request is refused because of <last> within the promised time
      When <last> comes back
      Then the same request is accepted within the promised time
      And the side effects are those of 2 jobs

      Examples:
        | second   | last     |
        | MongoDB  | RabbitMQ |
        | RabbitMQ | MongoDB  |
