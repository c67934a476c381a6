@security
Feature: Keeping what is entrusted
  The server stands where others can reach it. What they send is data and never an order, what it
  answers tells them nothing that they should not know, and nobody on the way can listen.

  Rule: What is sent is data, and never an order

    @PZ-14774 @critical
    Scenario Outline: <hostile> in the place of a job's id changes nothing
      Given a running job
      When metadata, rows and the end of a job called <hostile> are asked for
      Then it is said that there is no such job
      And the job keeps all its promises
      And the side effects are those of one job

      Examples:
        | hostile                         |
        | a query for anything            |
        | a query as text                 |
        | a condition that is always true |
        | a command of MongoDB            |

    @PZ-14774 @PZ-14018
    Scenario Outline: <hostile> as <parameter> is refused and launches nothing
      When a <kind> is requested with <parameter> <hostile>
      Then the request is refused because of the <parameter>

      Examples:
        | kind     | parameter          | hostile                         |
        | job      | FFT length         | a query for anything            |
        | job      | time axis duration | a query for anything            |
        | job      | sensor range       | a query for anything            |
        | playback | start time         | a query for anything            |
        | job      | view type          | a command of MongoDB            |
        | job      | canvas height      | a condition that is always true |

    @PZ-14775 @PZ-14018
    Scenario Outline: <hostile> as <parameter> is not run by a browser
      When a <kind> is requested with <parameter> <hostile>
      Then the request is refused because of the <parameter>
      And no answer is run by a browser

      Examples:
        | kind     | parameter  | hostile                  |
        | job      | FFT length | a script                 |
        | job      | view type  | a script in an attribute |
        | playback | start time | a script                 |

    @PZ-14775 @PZ-14018
    Scenario: A script as the name of a parameter is not run by a browser
      When a job is requested with a script as the name of a parameter
      Then it is turned away as no configuration
      And no answer is run by a browser

    @PZ-14775
    Scenario Outline: <hostile> in the place of a job's id is not run by a browser
      When metadata, rows and the end of a job called <hostile> are asked for
      Then it is said that there is no such job
      And no answer is run by a browser

      Examples:
        | hostile                  |
        | a script                 |
        | a script in an attribute |

    @PZ-14788
    Scenario Outline: <hostile> in the place of a job's id is taken as it is
      Given a running job
      When metadata, rows and the end of a job called <hostile> are asked for
      Then it is said that there is no such job
      And no answer is run by a browser
      And the job keeps all its promises
      And the side effects are those of one job

      Examples:
        | hostile                  |
        | a way out of the path    |
        | a line break             |
        | a null byte              |
        | a text in another script |
        | a very long text         |
        | nothing but spaces       |

    @PZ-14788
    Scenario Outline: <hostile> as a task id is refused and launches nothing
      When a job is requested under <hostile> as its task id
      Then the request is refused because of the task id

      Examples:
        | hostile                         |
        | a line break                    |
        | a null byte                     |
        | a text in another script        |
        | a very long text                |
        | a script in an attribute        |
        | a condition that is always true |
        | nothing but spaces              |

  Rule: A page of another site makes and ends no jobs
    A browser sends forms and texts for any page without asking. For JSON it asks first.

    @PZ-14776 @PZ-14018 @critical
    Scenario Outline: <what> is refused when a page of another site sends it, and launches nothing
      When <what> is sent by a page of another site
      Then it is turned away as of the wrong type
      And no answer lets another site in

      Examples:
        | what                                     |
        | a configuration called a form            |
        | a form with a configuration in it |
        | a configuration called text              |

    @PZ-14776
    Scenario: Another site is not told that it may make and end jobs
      Given a running job
      When another site asks whether it may make and end jobs
      Then no answer lets another site in
      And the side effects are those of one job

  Rule: An answer tells nothing that is not the asker's to know

    @PZ-14779 @critical
    Scenario: Neither success nor failure gives a secret away
      Given a running job
      When everything is asked of the server that it can answer, by valid and by invalid requests
      Then no answer shows a password, an address of a store or the server's inside
      And the side effects are those of one job

    @PZ-14030 @PZ-14775
    Scenario: Every answer protects its reader
      Given a running job
      When everything is asked of the server that it can answer, by valid and by invalid requests
      Then no answer is a failure of the server
      And every answer carries the headers that protect its reader
      And the side effects are those of one job

  Rule: Nobody on the way can listen
    Requests and answers are meant. The stream of a job is not encrypted.

    @PZ-14778 @critical
    Scenario: Without TLS nothing is answered
      Given an environment in which the server is reached over TLS
      And a running job
      When every call of the server is made without TLS
      Then nothing is answered in the clear
      And the job keeps all its promises
      And the side effects are those of one job

    @PZ-14778
    Scenario: Clients are told to use TLS only
      Given an environment in which the server is reached over TLS
      When the health of the server is asked for
      Then every answer carries the header that tells clients to use TLS only
