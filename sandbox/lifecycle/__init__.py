"""The life of a sandbox: its supervisor and what talks to it, tenants and leases, directories, removal of leftovers."""
