# ruff: noqa: F401 - what is imported here is loaded in every process that is forked from this one
"""Load what a run of behave and a server need, so that processes forked from here begin at once.

A user's run takes two seconds of a processor, nearly all of it to load what it needs, and so does a server.
Steps, features, hooks and behave's settings are read here as well: a forked run does not read them again.
"""

import gc
import os
from functools import cache

import behave.__main__
import behave.configuration
import behave.formatter.json
import behave.formatter.plain
import behave.parser
import behave.reporter.summary
import behave.runner_plugin
import behave.runner_util
import numpy.fft
import pymongo.asynchronous.auth
import pymongo.synchronous.auth
import uvicorn.lifespan.on
import uvicorn.protocols.http.h11_impl
import yaml
from behave.runner_util import load_step_modules

import proof.processes
import sandbox.defects
import steps.fault_types
import steps.parameter_types
import steps.questions
import steps.region_types
import steps.row_types
import support.checks.figures
import support.evidence.allure_report
import support.observers.stream
import support.runner.behave_files
import support.scenario.suite_run
from proof.forks import remove_directory_at_end
from support.core.files import ROOT

remove_directory_at_end()
os.chdir(ROOT)  # Behave looks for its settings here, and calls the hooks' file by a relative path.
load_step_modules([str(ROOT / "steps")])
behave.parser.parse_file = cache(behave.parser.parse_file)
behave.configuration.setup_parser = cache(behave.configuration.setup_parser)
behave.configuration.setup_parser()
behave.configuration.read_configuration = cache(behave.configuration.read_configuration)
behave.configuration.load_configuration({})
behave.runner_util.compile = cache(compile)  # Of the hooks, which are no module.
behave.runner_util.exec_file(str(ROOT / "environment.py"))
for feature in ROOT.glob("features/**/*.feature"):
    list(behave.parser.parse_file(str(feature), language=None).walk_scenarios())
yaml.SafeLoader = yaml.CSafeLoader  # type: ignore[assignment, misc]  # Each run reads a kubeconfig, and each server.
# What is loaded stays, and forks are short-lived: they need no garbage collection, which would copy memory.
gc.freeze()
gc.disable()
