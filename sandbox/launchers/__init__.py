"""How each part of a sandbox is started, and what the others need to know to use it."""
