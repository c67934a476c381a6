"""Serve with the defect that is named, or list all of them."""

import sys

from sandbox.defects import DEFECTS, serve_with
from sandbox.terminal import accept_any_text

accept_any_text()
if len(sys.argv) == 2:
    serve_with(sys.argv[1])
else:
    print("\n".join(f"{each.name:50} {each.words}" for each in DEFECTS.values()))
