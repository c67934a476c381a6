"""Which fields the reason of a refusal names: each one that is wrong, and none that is right.

A reason names fields by where it points (`loc`) and in its texts. A text may say what a value is measured by: the other
end of a range, or a field that is judged together with the wrong one. A `loc` may not, unless both can be at fault.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import TypeAlias

from support.api.exchange import reason_text
from support.contract.configuration import may_contradict
from support.contract.limits import FIELDS, JUDGED_TOGETHER, PARAMETERS, Parameter

Path: TypeAlias = tuple[str, ...]

_ENDS = tuple(one.path for one in PARAMETERS.values() if len(one.path) > 1)
_GROUPS = {path[0] for path in _ENDS}
# What stands between the names of a path: channels.max, channels['max'], channels -> max.
_STEP = r"""(?:\.|/|\s*->\s*|["']?\]?\[["']?)"""


def _names(path: Path) -> re.Pattern[str]:
    """How a text names a field. What is in another is named with it, or alone where nothing else is called so."""
    ways = [_STEP.join(map(re.escape, path))]
    if len(path) > 1 and [end[-1] for end in _ENDS].count(path[-1]) == 1:
        ways.append(re.escape(path[-1]))
    return re.compile("|".join(rf"\b{way}\b" for way in ways))


_NAMES = {path: _names(path) for path in [*((field,) for field in FIELDS), *_ENDS]}


def naming_problems(
    detail: object, because_of: Sequence[Parameter], request: object = None, *, any_of: bool = False
) -> list[str]:
    """What is wrong with the fields that a reason names: each of these must be named, and no other; a line each.

    Where a rule about all of them is broken, `any_of` them is enough. What is sent in the `request` tells which fields
    can be at fault together; without it, that is not held against a reason.
    """
    unnamed = [problem for one in because_of if (problem := _unnamed(detail, one))]
    if any_of and len(unnamed) < len(because_of):
        unnamed = []
    return unnamed + needless_problems(detail, because_of, request)


def _unnamed(detail: object, one: Parameter) -> str | None:
    places, _ = _places_and_texts(detail)
    if one.field not in reason_text(detail):
        return f"the reason does not name {one.field} ({one.words})"
    at = [place for place in places if _leads_to(place, one.path)]
    if at and one.path not in at:
        return f"the reason points at {'.'.join(at[0])}, not at {'.'.join(one.path)}"
    return None


def needless_problems(detail: object, because_of: Sequence[Parameter], request: object = None) -> list[str]:
    """The fields that a reason names though they are right; a line each."""
    places, texts = _places_and_texts(detail)
    wrong = {one.path for one in because_of}
    at_fault = {path[0] for path in wrong}
    together = [fields for fields in JUDGED_TOGETHER if fields & at_fault]
    judged_with = frozenset[str]().union(*together)
    contradicting = frozenset[str]().union(*(fields for fields in together if may_contradict(fields, request)))
    unknown = at_fault.difference(FIELDS)

    def is_on_the_way(path: Path) -> bool:
        return any(_leads_to(path, one) or _leads_to(one, path) for one in wrong)

    needless = {
        place
        for place in places
        # What is unknown may stand anywhere.
        if not (is_on_the_way(place) or unknown.intersection(place) or place[0] in contradicting - at_fault)
    }
    named = _named_in(texts)
    may_be_named = set(judged_with - at_fault)
    stands_in = {path[0] for path in named} - at_fault
    if unknown and len(stands_in) == 1:
        may_be_named |= stands_in & _GROUPS
    needless |= {
        path
        for path in named
        if not (is_on_the_way(path) or path[0] in may_be_named or _is_told_with_other_end(path, wrong, places, texts))
    }
    return [f"the reason names {'.'.join(path)}, which is right" for path in sorted(needless)]


def _is_told_with_other_end(path: Path, wrong: Collection[Path], places: set[Path], texts: Sequence[str]) -> bool:
    """Whether the other end of this range is wrong, and is named as that: it may be measured by this one."""
    others = [one for one in wrong if len(one) == len(path) > 1 and one[0] == path[0]]
    return any(
        any(_leads_to(other, place) for place in places)
        or any(re.search(rf"\b{re.escape(other[-1])}\b", text) for text in texts)
        for other in others
    )


def _named_in(texts: Sequence[str]) -> set[Path]:
    return {path for path, names in _NAMES.items() if any(names.search(text) for text in texts)}


def _places_and_texts(detail: object) -> tuple[set[Path], list[str]]:
    """The fields that a reason points at, by their paths, and its texts."""
    places, texts = set(), [detail] if isinstance(detail, str) else []
    for one in detail if isinstance(detail, list) else []:
        if not isinstance(one, dict):
            continue
        loc = one.get("loc")
        path = [str(part) for part in loc] if isinstance(loc, list | tuple) else []
        # Before it stand the parts of the request that a server has: body, path.
        if field := next((part for part in path if part in FIELDS), None):
            places.add(tuple(path[path.index(field) :]))
        texts += [loc] if isinstance(loc, str) else []
        texts.append(f"{one.get('msg')}")
    return places, texts


def _leads_to(place: Sequence[str], path: Sequence[str]) -> bool:
    """Whether a place is the path, or one that it goes through."""
    return tuple(path[: len(place)]) == tuple(place)
