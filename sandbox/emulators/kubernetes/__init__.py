"""A Kubernetes API server of our own, for machines without a cluster.

It answers the unchanged official clients and kubectl as a real API server does: storage with one
resourceVersion counter, validation, selectors, watches, and the controllers whose work a client can see.
"""
