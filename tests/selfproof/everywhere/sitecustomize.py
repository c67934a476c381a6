"""Python reads this when it starts: what a witness runs in a process of its own is spoilt there, too."""

import importlib
import os

module, _, what = os.environ["FOCUS_TEST_SPOILT"].partition(":")
for spoiling in importlib.import_module(module).SPOILINGS:
    if spoiling.what == what:
        spoiling.apply()
