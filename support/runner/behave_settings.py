"""Behave's settings of this project, from wherever a run is started: behave reads them in the working directory."""

from __future__ import annotations

import argparse
import sys
import tomllib
from pathlib import Path
from typing import Any

from behave.configuration import setup_parser

from support.core.files import ROOT


def apply_project_settings(config: Any, features: list[Any]) -> None:
    """Set what `[tool.behave]` of the project says, and what the command line has not set otherwise.

    `features` are those that behave has read. When no path was given, it has looked for them in the whole checkout:
    those that the project does not name are taken out. Which runner it takes is decided before any hook, and stays.
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
    """What the command line sets an option to; None where it does not."""
    parser = setup_parser()
    parser.set_defaults(**{option: None})
    try:
        return getattr(parser.parse_known_args(sys.argv[1:])[0], option)
    except (SystemExit, argparse.ArgumentError):  # Not a command line of behave: it was called by a program.
        return None
