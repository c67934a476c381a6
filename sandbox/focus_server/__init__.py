"""The reference Focus Server: the contract's steps A to G against MongoDB, Kubernetes and RabbitMQ.

Run it with ``python -m sandbox.focus_server``; :mod:`sandbox.focus_server.composition` builds it from code.
"""
