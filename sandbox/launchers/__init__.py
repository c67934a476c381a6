"""How each part of a sandbox is started, a module for each kind of part, and what is needed to use it then."""
