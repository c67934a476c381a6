@resilience @disruptive
Feature: When a part of the system is stopped, killed or restarted
  MongoDB, RabbitMQ, the Focus Server and the recorder run in pods on Kubernetes. When one of them goes
  away, whoever asks is told so, no job is left half made, and all goes on by itself when it is back.

  Rule: Whoever asks while a part is away is told so, and nothing is left half made
    Background:
      Given a running job

    @critical
    Scenario Outline: <store> is scaled to zero, and comes back
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

    @PZ-14728 @PZ-14730 @PZ-14731 @critical
    Scenario: The Focus Server is scaled to zero, and comes back
      When the Focus Server is scaled to zero
      And a job, the end of the job and the health of the server are asked for, answered or not
      Then the client reports each time that the server is not there
      When the Focus Server is started again
      Then the Focus Server is back within the promised time
      And the same request is accepted within the promised time
      And the side effects are those of 2 jobs

    @PZ-14734 @PZ-14736 @PZ-14737
    Scenario: The recorder is scaled to zero, and comes back
      Given the recorder is recording
      When the recorder is scaled to zero
      And the live metadata are asked for
      Then it is said that there is no live source
      And what was being recorded has ended, and is listed
      When the recorder is started again
      Then the recorder is back within the promised time
      And the live metadata are those of the recording under way within the promised time
      And the side effects are those of one job

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

    @critical
    Scenario Outline: <part> is killed when the <effect> of a job is there
      Given a live configuration with every parameter set
      And RabbitMQ takes its time to answer
      When the job is requested, and <part> is killed once its <effect> shows
      And all stores work again
      Then the same request is accepted within the promised time
      And the job is there as a whole, or not at all

      @PZ-14717
      Examples: MongoDB
        | part    | effect |
        | MongoDB | record |

      @PZ-14723
      Examples: RabbitMQ
        | part     | effect |
        | RabbitMQ | queue  |

      @PZ-14729
      Examples: Focus Server
        | part             | effect   |
        | the Focus Server | record   |
        | the Focus Server | analyzer |
        | the Focus Server | queue    |

  Rule: Parts come back in any order
    Background:
      Given a running job

    @PZ-14739
    Scenario: MongoDB and the Focus Server are away, and the server comes back first
      When MongoDB and the Focus Server are scaled to zero
      And the Focus Server is started again
      Then the Focus Server is back within the promised time
      And the same request is refused because of MongoDB within the promised time
      When MongoDB is started again
      Then MongoDB is back within the promised time
      And the same request is accepted within the promised time
      And the side effects are those of 2 jobs

    @PZ-14740
    Scenario: RabbitMQ and the Focus Server are away, and the queues are there before the server
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
    Scenario: The Focus Server and the recorder are away, and the server comes back first
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
    Scenario Outline: All come back, <first>, <second> and then <third>
      When MongoDB, RabbitMQ and the Focus Server are scaled to zero
      And <first>, <second> and <third> come back, one after another
      Then the same request is accepted within the promised time
      And the side effects are those of 2 jobs

      Examples:
        | first            | second           | third            |
        | MongoDB          | RabbitMQ         | the Focus Server |
        | MongoDB          | the Focus Server | RabbitMQ         |
        | RabbitMQ         | MongoDB          | the Focus Server |
        | RabbitMQ         | the Focus Server | MongoDB          |
        | the Focus Server | MongoDB          | RabbitMQ         |
        | the Focus Server | RabbitMQ         | MongoDB          |
