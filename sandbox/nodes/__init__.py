"""The node of Kubernetes whose pods are processes of the sandbox: its agent, and the workloads that run there."""
