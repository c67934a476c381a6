"""How an address is reached: what its certificate is verified with, and through which proxy.

The one place for both, for the suite, the sandbox and every command of this project. It imports none of these.
"""
