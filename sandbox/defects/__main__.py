"""Serve with the defect that is named, or list all of them."""

import sys

from redaction import protect_output
from sandbox.defects import DEFECTS, serve_with

protect_output()
if len(sys.argv) == 2:
    serve_with(sys.argv[1])
else:
    print("\n".join(f"{each.name:50} {each.summary}" for each in DEFECTS.values()))
