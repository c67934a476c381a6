"""Which fields the reason of a refusal names: each one that is wrong, and none that is right.

A reason names fields by where it points (`loc`) and in its texts. A text may say what a value is measured by: the other
end of a range, a field that is judged together with the wrong one, and beside a right `loc` any one more. A `loc` may
not, unless both can be at fault.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from support.api.exchange import reason_text, without_echo
from support.contract.configuration import may_contradict
from support.contract.limits import FIELDS, JUDGED_TOGETHER, MEASURED_BY, PARAMETERS, UNKNOWN, Parameter

Path: TypeAlias = tuple[str, ...]

_ENDS = tuple(one.path for one in PARAMETERS.values() if len(one.path) > 1)
_GROUPS = {path[0] for path in _ENDS}
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
class _Statement:
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


def naming_problems(
    detail: object, because_of: Sequence[Parameter], request: object = None, *, either: bool = False
) -> list[str]:
    """What is wrong with the fields that a reason names: each of these must be named, and no other; a line each.

    Where a rule about all of them is broken, `either` of them is enough. What is sent in the `request` tells which
    fields can be at fault together; without it, that is not held against a reason.
    """
    unnamed = [problem for one in because_of if (problem := _unnamed(detail, one))]
    if either and len(unnamed) < len(because_of):
        unnamed = []
    return unnamed + needless_problems(detail, because_of, request)


def _unnamed(detail: object, one: Parameter) -> str | None:
    if one.field not in reason_text(detail):
        return f"the reason does not name {one.field} ({one.words})"
    at = [statement for statement in _statements(detail) if statement.place and _leads_to(statement.place, one.path)]
    if at and not any(statement.place == one.path or _tells_end(statement.text, one.path) for statement in at):
        return f"the reason points at {'.'.join(at[0].place)}, not at {'.'.join(one.path)}"
    return None


def _tells_end(text: str, path: Path) -> bool:
    """Whether the text beside a group tells what of it is wrong: a rule of the group is reported at the group."""
    ends = {end: re.search(rf"\b(?:{words})\b", text, re.IGNORECASE) for end, words in _WORDS_OF_ENDS.items()}
    if path[-1] not in ends:
        return _place_of(path[-1], text) is not None
    return bool(ends[path[-1]] or (_OF_THE_RANGE.search(text) and not any(ends.values())))


def needless_problems(detail: object, because_of: Sequence[Parameter], request: object = None) -> list[str]:
    """The fields that a reason names though they are right; a line each."""
    needless = _Blame(_statements(detail), because_of, request).needless()
    return [f"the reason names {'.'.join(path)}, which is right" for path in sorted(needless)]


class _Blame:
    """What a reason says, held against what is wrong with the request."""

    def __init__(self, statements: Sequence[_Statement], because_of: Sequence[Parameter], request: object) -> None:
        self._statements = statements
        self._wrong = {one.path for one in because_of}
        self._unknown = {one.path for one in because_of if one.words == UNKNOWN.words}
        self._at_fault = {path[0] for path in self._wrong - self._unknown}
        together = [fields for fields in JUDGED_TOGETHER if fields & self._at_fault]
        contradicting = [fields for fields in together if may_contradict(fields, request)]
        self._contradicting = frozenset[str]().union(*contradicting) - self._at_fault
        measures = frozenset[str]().union(*together, *(MEASURED_BY.get(name, ()) for name in self._at_fault))
        self._measures = measures - self._at_fault

    def needless(self) -> set[Path]:
        """The paths that it names, and that are right."""
        places = {one.place for one in self._statements if one.place and not self._points_rightly(one)}
        return places.union(*map(self._needless_in, self._statements))

    def _points_rightly(self, statement: _Statement) -> bool:
        place = statement.place
        if place and (self._is_on_the_way(place) or place[0] in self._contradicting):
            return True
        return any(
            # What is unknown may stand anywhere; some point at the group, and say its name.
            statement.points_at(path[-1])
            or (len(place) == 1 and place[0] in _GROUPS and _place_of(path[-1], statement.text) is not None)
            for path in self._unknown
        )

    def _needless_in(self, statement: _Statement) -> set[Path]:
        statement = _Statement(statement.loc, self._before_known_ones(statement))
        named = {path for path in statement.named() if not self._may_be_named(path, statement)}
        is_beside = self._points_rightly(statement) or self._begins_with_it(statement.text)
        return set() if is_beside and len({path[0] for path in named}) == 1 else named

    def _before_known_ones(self, statement: _Statement) -> str:
        """The text without the list of known fields after the name of an unknown one."""
        text = statement.text
        for path in self._unknown:
            at = _place_of(path[-1], text)
            # It may be written in a way that is not known here. Then only what is no list is held against the text.
            if at is None and (statement.points_at(path[-1]) or len(statement.named()) > 2):
                return ""
            if at is not None and not _JOINED.match(text, at):
                return text[:at]
        return text

    def _may_be_named(self, path: Path, statement: _Statement) -> bool:
        return (
            self._is_on_the_way(path)
            or path[0] in self._measures
            or self._is_told_with_other_end(path)
            or any(path[0] == one[0] or path[-1] == one[-1] for one in self._unknown)
            or self._is_group_of_unknown(path, statement)
        )

    def _is_group_of_unknown(self, path: Path, statement: _Statement) -> bool:
        """Whether this is the one group that a text names before the name of what is unknown in it."""
        return any(
            len(one) == 1
            and path[0] in _GROUPS
            and (at := _place_of(one[-1], statement.text)) is not None
            and {name[0] for name in _Statement((), statement.text[:at]).named()} == {path[0]}
            for one in self._unknown
        )

    def _begins_with_it(self, text: str) -> bool:
        """Whether the text says what it is about as a `loc` does: `displayInfo.height: too small`."""
        return any(
            re.match(rf"""\W*(?:body\W+)?(?:{_ways_to_write(path)})["'`\]\s]*:""", text)
            for path in self._wrong - self._unknown
        )

    def _is_on_the_way(self, path: Path) -> bool:
        return any(_leads_to(path, one) or _leads_to(one, path) for one in self._wrong)

    def _is_told_with_other_end(self, path: Path) -> bool:
        """Whether the other end of this range is wrong, and is named as that: it may be measured by this one."""
        others = [one for one in self._wrong - self._unknown if len(one) == len(path) > 1 and one[0] == path[0]]
        return any(
            _leads_to(other, statement.place) or _names_end(statement.text, other)
            for other in others
            for statement in self._statements
        )


def _names_end(text: str, path: Path) -> bool:
    """Whether a text names the end of a range, if only by its last name: `no min`. With a number it is a value."""
    return bool(_NAMES[path].search(text) or re.search(rf"\b{path[-1]}\b(?!\W*(?:(?:is|of)\W+)?\d)", text))


def _statements(detail: object) -> list[_Statement]:
    if isinstance(detail, str):
        return [_Statement((), without_echo(detail))]
    found = []
    for one in detail if isinstance(detail, list) else []:
        if isinstance(one, dict):
            loc = one.get("loc")
            parts = loc if isinstance(loc, list | tuple) else [loc]
            found.append(_Statement(tuple(map(str, parts)), without_echo(f"{one.get('msg')}")))
    return found


def _place_of(name: str, text: str) -> int | None:
    """Where a text has the name's end, as a word of its own; None where it has it not."""
    found = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)
    return found.end() if found else None


def _leads_to(place: Sequence[str], path: Sequence[str]) -> bool:
    """Whether a place is the path, or one that it goes through."""
    return tuple(path[: len(place)]) == tuple(place)
