"""Looking into the stores, at the stream and at the machines.

Observers return what they saw and when, and neither write nor remember. `Database`, `Namespace` and `Broker` are the
connections that they look through; `support.faults` writes through the same ones.

An observer that cannot look raises `EnvironmentBroken`: not seeing something is no proof that it is not there.
"""
