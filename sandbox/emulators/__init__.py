"""What stands in for Kubernetes, Toxiproxy and a production server's SSH access, each a process of its own."""
