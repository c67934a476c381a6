@infrastructure
Feature: The ground that jobs stand on
  A job is a record, an analyzer and a queue. Before anything is said about jobs, the three
  systems that hold them must be healthy: otherwise every verdict would be about them, and
  not about the product.

  Rule: The three systems are healthy

    @PZ-13898 @blocker @smoke
    Scenario: MongoDB is healthy
      Then MongoDB answers
      And MongoDB gives back what is written until it is removed

    @PZ-13899 @blocker @smoke
    Scenario: Kubernetes is healthy
      Given a running job
      Then Kubernetes answers
      And its pods are healthy
      And the side effects are those of one job

    @extra @blocker @smoke
    Scenario: RabbitMQ is healthy
      Beyond the plan: it asks for MongoDB and Kubernetes (PZ-13898, PZ-13899), not for RabbitMQ.

      Then RabbitMQ answers

  Rule: MongoDB is open to those who may, and to nobody else

    @PZ-13806 @smoke
    Scenario: Credentials open MongoDB
      Then MongoDB is open to a client with its credentials

    @PZ-13806
    Scenario Outline: <credentials> do not open MongoDB
      Given an environment in which MongoDB is kept under a password
      Then MongoDB is closed to a client with <credentials>

      Examples:
        | credentials      |
        | no credentials   |
        | a wrong password |

    @PZ-13807
    Scenario: The server's own credentials open the MongoDB that jobs are kept in
      Given a running job
      Then the record of the job is read with the server's own credentials
      And the side effects are those of one job

    @PZ-13808
    Scenario: MongoDB answers quickly
      The queries are those of the product: a record by its job, and the recordings of a day.

      Given a running job
      Then 95 of 100 queries of MongoDB are answered within the promised time
      And the side effects are those of one job

  Rule: Operators reach the servers

    @PZ-13900
    Scenario: The operator logs in to every server
      Given an environment in which the product runs on servers with SSH
      Then the operator can log in to each of them and run a harmless command
