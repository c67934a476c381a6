"""Rows, and how they are read, as the features write it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import parse
from behave import register_type

from steps.words import choice
from support.checks.promises import Promises
from support.checks.waterfall import Waterfall


@parse.with_pattern(r"\d+ rows|as many rows as fit into what was recorded")
def parse_row_count(text: str) -> int | None:
    """A number of rows: `3 rows`, `as many rows as fit into what was recorded`."""
    return int(text.split()[0]) if text[0].isdigit() else None


@dataclass(frozen=True)
class Extent:
    """How many rows are asked for, how many at a time; or for how long."""

    rows: int = 0
    at_a_time: int = 0
    seconds: int = 0


@parse.with_pattern(r"until there is one|until there are \d+(?:, \d+ at a time)?|during \d+ seconds")
def parse_extent(text: str) -> Extent:
    """How far: `until there is one`, `until there are 12, 3 at a time`, `during 3 seconds`."""
    if text == "until there is one":
        return Extent(1)
    first, *at_a_time = (int(number) for number in re.findall(r"\d+", text))
    return Extent(seconds=first) if text.startswith("during") else Extent(first, *at_a_time)


@dataclass(frozen=True)
class Readers:
    """Who reads rows to their end."""

    readers: int = 1
    at_a_time: int = 0


@parse.with_pattern(r"| by \d+ readers at once, \d+ at a time")
def parse_readers(text: str) -> Readers:
    """Who reads, if it is not one alone: ` by 2 readers at once, 10 at a time`."""
    return Readers(*(int(number) for number in re.findall(r"\d+", text)))


@dataclass(frozen=True)
class Replay:
    """What is different when a playback is played back once more."""

    at_a_time: int | None = None
    of_last_sensor: bool = False


@parse.with_pattern(r"|, \d+ rows at a time|, of its last sensor alone")
def parse_replay(text: str) -> Replay:
    """What is different then: `, 7 rows at a time`, `, of its last sensor alone`."""
    at_a_time = re.search(r"\d+", text)
    return Replay(int(at_a_time[0]) if at_a_time else None, text.endswith("alone"))


register_type(
    Extent=parse_extent,
    Readers=parse_readers,
    Replay=parse_replay,
    NoRows=choice(
        "When there are no rows: `any more`.",
        {
            "before their windows are full": Waterfall.expect_none_before_their_time,
            "yet, and more will come": lambda rows, exchange, figures: rows.expect_none_yet(exchange),
            "any more": lambda rows, exchange, figures: rows.expect_over(exchange),
        },
    ),
    RowCount=parse_row_count,
    Served=choice(
        "Whether a stream is served: `is served`.",
        {"is served": Promises.expect_stream_served, "is not served": Promises.expect_stream_gone},
    ),
)
