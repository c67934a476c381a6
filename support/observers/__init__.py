"""Looking into the three stores. Observers only read, but for the one message that proves a consumer.

An observer that cannot look raises `EnvironmentBroken`: not seeing something is no proof that it is not there.
"""
