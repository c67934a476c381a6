"""How an address is reached: the certificates that verify it, and the proxy that leads to it.

The one place for both, for the suite, the sandbox and every command of this project. It imports none of these.
"""
