"""Looking into the stores, at the stream and at the machines.

Observers read. What else they do for others stands in its docstring: the message that proves a consumer and the
commands to a job (`WorkQueues.publish`, `ask`), and what `support.faults.disturbances` has them do.

An observer that cannot look raises `EnvironmentBroken`: not seeing something is no proof that it is not there.
"""
