"""Settings of behave for this project, also where a run is started elsewhere: behave looks in the working directory."""

from __future__ import annotations

import argparse
import sys
import tomllib
from pathlib import Path
from typing import Any

from behave.configuration import setup_parser

from support.core.files import ROOT


def apply_project_settings(config: Any, features: list[Any]) -> None:
    """Apply `[tool.behave]` of `pyproject.toml`; options of the command line win.

    `features` are those that behave has read. Without a path it reads all of the working directory: features that
    are not in the project's paths are removed. The runner cannot be changed: behave chooses it before any hook.
    """
    if Path.cwd().resolve() == ROOT:
        return
    with (ROOT / "pyproject.toml").open("rb") as file:
        settings = tomllib.load(file)["tool"]["behave"]
    paths = [ROOT / path for path in settings.pop("paths")]
    if not asked_for("paths"):
        features[:] = [one for one in features if any(Path(one.filename).resolve().is_relative_to(at) for at in paths)]
    settings.pop("runner", None)
    for name, value in settings.items():
        if asked_for(name) is None:
            setattr(config, name, value)


def asked_for(option: str) -> Any:
    """The value of an option on the command line; None if it is not there."""
    parser = setup_parser()
    parser.set_defaults(**{option: None})
    try:
        return getattr(parser.parse_known_args(sys.argv[1:])[0], option)
    except (SystemExit, argparse.ArgumentError):  # Not a command line of behave: it was called by a program.
        return None
