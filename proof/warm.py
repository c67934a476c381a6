# ruff: noqa: F401 - what is imported here is there in every process that is forked from this one
"""Loads what a run of behave and a server need, so that processes that are forked from here begin at once.

A run as a user has it takes two seconds of a processor, nearly all of it to load what it needs, and so does a server.
The steps are read here, too: a forked run must not read them again.
"""

from pathlib import Path

import behave.formatter.json
import behave.formatter.plain
from behave.runner_util import load_step_modules

import sandbox.defects
import steps.parameter_types
import support.allure_report
import support.figures
import support.observers.stream
import support.run

load_step_modules([str(Path(__file__).resolve().parent.parent / "steps")])
