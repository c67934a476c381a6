@job-lifecycle
Feature: Cancelling a job
  An analyzer costs memory on Kubernetes for as long as its job exists. Whoever has a job must
  be able to end it, at any time and whatever happened before; what remains is its record, which
  says that it was cancelled.

  Rule: A cancelled job gives everything back

    @extra @critical @smoke
    Scenario: A running job is cancelled
      Beyond the plan: it has no case for cancelling, on which every clean-up rests; a real server once answered 404.

      Given a running job
      When the job is cancelled
      Then the cancelling is confirmed
      And only the task records remain

    @extra @critical
    Scenario: The work with a temporary job fails half way
      Beyond the plan: it has no case for cleaning up after a failure, which the contract promises.

      Given a live configuration with every parameter set
      When the work with a temporary job fails half way
      Then only the task records remain

    @PZ-14810 @critical
    Scenario: One of two running jobs is cancelled
      Given a running job
      And another running job
      When the job is cancelled
      Then the cancelling is confirmed
      And the other job keeps all its promises
      And the side effects are
        | side effect    | change |
        | task record    | +2     |
        | analyzer       | +1     |
        | analyzer pod   | +1     |
        | work queue     | +1     |
        | queue consumer | +1     |

  Rule: A job can be cancelled whatever has become of it

    @extra
    Scenario Outline: A job whose <part> is gone already is cancelled
      Beyond the plan: it has no case for cancelling; what is left of a job must not stay for ever.

      Given a running job
      When its <part> is deleted
      And the job is cancelled
      Then the cancelling is confirmed
      And only the task records remain

      Examples:
        | part       |
        | analyzer   |
        | work queue |

    @extra
    Scenario: A job whose analyzer does not run is cancelled
      Beyond the plan: it has no case for an analyzer that never runs, as where no node has room for it.

      Given a running job
      When its analyzer is paused
      And the job is cancelled
      Then the cancelling is confirmed
      And only the task records remain

  Rule: Cancelling is safe to repeat

    @extra
    Scenario: Two clients cancel a job at once
      Beyond the plan: it has no case for cancelling; two who clean up must not get in each other's way.

      Given a running job
      When the job is cancelled by 2 clients at once
      Then the cancelling is confirmed
      And only the task records remain

    @extra
    Scenario: A job is cancelled twice
      Beyond the plan: it has no case for cancelling; a retry must do no harm.

      Given a running job
      When the job is cancelled
      Then the cancelling is confirmed
      When the job is cancelled
      Then the cancelling does no harm
      And only the task records remain

    @extra
    Scenario: An unknown job is cancelled
      Beyond the plan: it has no case for cancelling; what is unknown must be told, not confirmed.

      When an unknown job is cancelled
      Then it is said that there is no such job
