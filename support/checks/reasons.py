"""What the reason of a refusal says: its statements, where each points and which fields it names.

Servers write fields in many ways. What is to be read as a field, and what as an English word, is decided here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from support.api.exchange import without_echo
from support.contract.limits import FIELDS, PARAMETERS

Path: TypeAlias = tuple[str, ...]

_ENDS = tuple(one.path for one in PARAMETERS.values() if len(one.path) > 1)
GROUPS = {path[0] for path in _ENDS}
# What stands between the names of a path: channels.max, channels['max'], channels -> max.
_STEP = r"""(?:\.|/|\s*->\s*|["']?\]?\[["']?)"""
_STEPS_OF_LOC = re.compile(r"""\s*->\s*|[./\[\]"']+""")
# What stands between the names of a list.
_COMMA = r"""["'`]?(?:\s*[,/|]\s*(?:(?:or|and)\s+)?|\s+(?:(?:or|and)\s+)?)["'`]?"""
_ANY_FIELD = "|".join(FIELDS)
# What is named besides, and is no list of what is known: zoom or channels; zoom is wrong, or channels.
_JOINED = re.compile(
    rf"""(?:["'`]?\s*[,/]?\s*|(?:(?!{_ANY_FIELD}).)*\b(?:or|and)\s+)["'`]?(?:{_ANY_FIELD})\b""", re.DOTALL
)
_LIST_OF_FIELDS = re.compile(rf"\b(?:{_ANY_FIELD})(?:{_COMMA}(?:{_ANY_FIELD})\b){{2,}}")
# Fields that are called as an English word is; a text may mean this.
_ENGLISH = {"channels"}


def _ways_to_write(path: Path) -> str:
    """How a text writes a field. What is in another is named with it, or alone where nothing else is called so."""
    ways = [_STEP.join(map(re.escape, path))]
    if len(path) > 1 and [end[-1] for end in _ENDS].count(path[-1]) == 1:
        ways.append(re.escape(path[-1]))
    if path[0] in _ENGLISH and len(path) == 1:
        # It is the field where it begins what is said, is quoted or has something before or after it in a path.
        name = re.escape(path[0])
        ways = [rf"(?:^\W*|(?<=[\"'`\[.])|(?<=body/)){name}", rf"{name}(?=[\"`\]]|{_STEP}\w)"]
    return "|".join(rf"(?<!\w){way}(?!\w)" for way in ways)


_NAMES = {path: re.compile(_ways_to_write(path), re.MULTILINE) for path in [*((field,) for field in FIELDS), *_ENDS]}
# What tells of a group which of its ends is wrong, or that the range as such is.
_WORDS_OF_ENDS = {"min": "min(?:imum)?|first|lowest", "max": "max(?:imum)?|last|highest"}
_OF_THE_RANGE = re.compile(r"\b(?:range|beyond|nyquist)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Statement:
    """One of the things that a reason says: where it points, if it does, and its text."""

    loc: Path
    text: str

    @cached_property
    def steps(self) -> Path:
        """The names on the way, though they are written as one: `channels.max`."""
        return tuple(name for part in self.loc for name in _STEPS_OF_LOC.split(part) if name)

    @cached_property
    def place(self) -> Path:
        """The field that it points at; before it stand the parts of the request that a server has: body, path."""
        first = next((number for number, name in enumerate(self.steps) if name in FIELDS), len(self.steps))
        return self.steps[first:]

    def points_at(self, name: str) -> bool:
        """Whether this is where it points, or on the way; what a client made up may hold dots, too."""
        return name in self.loc or name in self.steps

    def named(self) -> set[Path]:
        """The fields that the text names."""
        names = {path for path, pattern in _NAMES.items() if pattern.search(self.text)}
        lists = " ".join(found[0] for found in _LIST_OF_FIELDS.finditer(self.text))
        return names | {(word,) for word in _ENGLISH if word in lists}


def statements_in(detail: object) -> list[Statement]:
    """The statements of a reason in either of its two forms: a text is one, a list of `{loc, msg}` has one an entry."""
    if isinstance(detail, str):
        return [Statement((), without_echo(detail))]
    found = []
    for one in detail if isinstance(detail, list) else []:
        if isinstance(one, dict):
            loc = one.get("loc")
            parts = loc if isinstance(loc, list | tuple) else [loc]
            found.append(Statement(tuple(map(str, parts)), without_echo(f"{one.get('msg')}")))
    return found


def place_of(name: str, text: str) -> int | None:
    """Where a text has the name's end, as a word of its own; None where it has it not."""
    found = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)
    return found.end() if found else None


def tells_end(text: str, path: Path) -> bool:
    """Whether the text beside a group tells what of it is wrong: a rule of the group is reported at the group."""
    ends = {end: re.search(rf"\b(?:{words})\b", text, re.IGNORECASE) for end, words in _WORDS_OF_ENDS.items()}
    if path[-1] not in ends:
        return place_of(path[-1], text) is not None
    return bool(ends[path[-1]] or (_OF_THE_RANGE.search(text) and not any(ends.values())))


def names_end(text: str, path: Path) -> bool:
    """Whether a text names the end of a range, if only by its last name: `no min`. With a number it is a value."""
    return bool(_NAMES[path].search(text) or re.search(rf"\b{path[-1]}\b(?!\W*(?:(?:is|of)\W+)?\d)", text))


def begins_with(text: str, path: Path) -> bool:
    """Whether a text says what it is about as a `loc` does: `displayInfo.height: too small`."""
    return bool(re.match(rf"""\W*(?:body\W+)?(?:{_ways_to_write(path)})["'`\]\s]*:""", text))


def goes_on_with_a_field(text: str, at: int) -> bool:
    """Whether a text names a field, too, after this place, and not in a list of those that are known."""
    return _JOINED.match(text, at) is not None
