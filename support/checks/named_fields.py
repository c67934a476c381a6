"""Which fields the reason of a refusal names: each one that is wrong, and none that is right.

A reason names fields by where it points (`loc`) and in its texts. A text may say what a value is measured by: the other
end of a range, a field that is judged together with the wrong one, and beside a right `loc` any one more. A `loc` may
not, unless both can be at fault.
"""

from __future__ import annotations

from collections.abc import Sequence

from support.api.exchange import reason_text
from support.checks.reasons import (
    GROUPS,
    Path,
    Statement,
    begins_with,
    goes_on_with_a_field,
    names_end,
    place_of,
    statements_in,
    tells_end,
)
from support.contract.configuration import may_contradict
from support.contract.limits import JUDGED_TOGETHER, MEASURED_BY, UNKNOWN, Parameter


def naming_problems(
    detail: object, because_of: Sequence[Parameter], request: object = None, *, either: bool = False
) -> list[str]:
    """What is wrong with the fields that a reason names: each of these must be named, and no other; a line each.

    Where a rule about all of them is broken, `either` of them is enough. What is sent in the `request` tells which
    fields can be at fault together; without it, that is not held against a reason.
    """
    unnamed = [problem for one in because_of if (problem := _unnamed(detail, one))]
    if either:
        unnamed = unnamed[:1] if len(unnamed) == len(because_of) else []
    return unnamed + needless_problems(detail, because_of, request)


def _unnamed(detail: object, one: Parameter) -> str | None:
    if one.field not in reason_text(detail):
        return f"the reason does not name {one.field} ({one.words})"
    at = [statement for statement in statements_in(detail) if statement.place and _leads_to(statement.place, one.path)]
    if at and not any(statement.place == one.path or tells_end(statement.text, one.path) for statement in at):
        return f"the reason points at {'.'.join(at[0].place)}, not at {'.'.join(one.path)}"
    return None


def needless_problems(detail: object, because_of: Sequence[Parameter], request: object = None) -> list[str]:
    """The fields that a reason names though they are right; a line each."""
    needless = _Blame(statements_in(detail), because_of, request).needless()
    return [f"the reason names {'.'.join(path)}, which is right" for path in sorted(needless)]


class _Blame:
    """What a reason says, held against what is wrong with the request."""

    def __init__(self, statements: Sequence[Statement], because_of: Sequence[Parameter], request: object) -> None:
        self._statements = statements
        self._wrong = {one.path for one in because_of}
        self._unknown = {one.path for one in because_of if one.words == UNKNOWN.words}
        self._known = self._wrong - self._unknown
        self._at_fault = {path[0] for path in self._known}
        together = [fields for fields in JUDGED_TOGETHER if fields & self._at_fault]
        contradicting = [fields for fields in together if may_contradict(fields, request)]
        self._contradicting = frozenset[str]().union(*contradicting) - self._at_fault
        measures = frozenset[str]().union(*together, *(MEASURED_BY.get(name, ()) for name in self._at_fault))
        self._measures = measures - self._at_fault

    def needless(self) -> set[Path]:
        """The paths that it names, and that are right."""
        places = {one.place for one in self._statements if one.place and not self._points_rightly(one)}
        return places.union(*map(self._needless_in, self._statements))

    def _points_rightly(self, statement: Statement) -> bool:
        place = statement.place
        if place and (self._is_on_the_way(place) or place[0] in self._contradicting):
            return True
        return any(
            # What is unknown may stand anywhere; some point at the group, and say its name.
            statement.points_at(path[-1])
            or (len(place) == 1 and place[0] in GROUPS and place_of(path[-1], statement.text) is not None)
            for path in self._unknown
        )

    def _needless_in(self, statement: Statement) -> set[Path]:
        statement = Statement(statement.loc, self._before_known_ones(statement))
        named = {path for path in statement.named() if not self._may_be_named(path, statement)}
        is_beside = self._points_rightly(statement) or any(begins_with(statement.text, path) for path in self._known)
        return set() if is_beside and len({path[0] for path in named}) == 1 else named

    def _before_known_ones(self, statement: Statement) -> str:
        """The text without the list of known fields after the name of an unknown one."""
        text = statement.text
        for path in self._unknown:
            at = place_of(path[-1], text)
            # It may be written in a way that is not known here. Then only what is no list is held against the text.
            if at is None and (statement.points_at(path[-1]) or len(statement.named()) > 2):
                return ""
            if at is not None and not goes_on_with_a_field(text, at):
                return text[:at]
        return text

    def _may_be_named(self, path: Path, statement: Statement) -> bool:
        return (
            self._is_on_the_way(path)
            or path[0] in self._measures
            or self._is_told_with_other_end(path)
            or any(path[0] == one[0] or path[-1] == one[-1] for one in self._unknown)
            or self._is_group_of_unknown(path, statement)
        )

    def _is_group_of_unknown(self, path: Path, statement: Statement) -> bool:
        """Whether this is the one group that a text names before the name of what is unknown in it."""
        return any(
            len(one) == 1
            and path[0] in GROUPS
            and (at := place_of(one[-1], statement.text)) is not None
            and {name[0] for name in Statement((), statement.text[:at]).named()} == {path[0]}
            for one in self._unknown
        )

    def _is_on_the_way(self, path: Path) -> bool:
        return any(_leads_to(path, one) or _leads_to(one, path) for one in self._wrong)

    def _is_told_with_other_end(self, path: Path) -> bool:
        """Whether the other end of this range is wrong, and is named as that: it may be measured by this one."""
        others = [one for one in self._known if len(one) == len(path) > 1 and one[0] == path[0]]
        return any(
            _leads_to(other, statement.place) or names_end(statement.text, other)
            for other in others
            for statement in self._statements
        )


def _leads_to(place: Sequence[str], path: Sequence[str]) -> bool:
    """Whether a place is the path, or one that it goes through."""
    return tuple(path[: len(place)]) == tuple(place)
