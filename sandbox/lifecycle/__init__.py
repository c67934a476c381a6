"""How a sandbox begins, is shared out and ends: supervisor, command line's side of it, tenants, leases, reaper."""
