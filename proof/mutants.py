"""Mutants of the server: one small change of one module each, made by cosmic-ray's operators.

Cosmic-ray changes the file that it mutates. Here only its operators are used, on text, so that several mutants are
served side by side, and none is ever on disk.
"""

from __future__ import annotations

import ast
import difflib
import marshal
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple, TypeGuard

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.ast.ast_query import ASTQuery
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

_ARITHMETIC = frozenset({"Add", "Sub", "Mul", "Div", "FloorDiv", "Mod", "Pow"})
_BINARY = "ReplaceBinaryOperator_"
_IDENTITY = frozenset({"Is", "IsNot"})
_COMPARISON = "ReplaceComparisonOperator_"

_NO_EXCEPTION = "CosmicRayTestingException"
_REPLACED = re.compile(rf"\w*{_NO_EXCEPTION}\w*")

Position = tuple[int, int]


class MutantId(NamedTuple):
    """What a mutant is known by as long as the line that it changes stays as it is.

    Of several that are alike in one definition, all but the first have their number after its name.
    """

    file: str
    definition: str
    before: str
    after: str


@dataclass(frozen=True)
class Mutant:
    """A module with one change; `line` is where it begins, `source` the module's whole text."""

    id: MutantId
    line: int
    operator: str
    source: str

    @property
    def module(self) -> str:
        """The name that the module is imported by."""
        return self.id.file.removesuffix(".py").replace("/", ".")

    def __str__(self) -> str:
        return f"{self.id.file}:{self.line}: {self.id.before} -> {self.id.after}"


def mutants_of(text: str, file: str) -> list[Mutant]:
    """All mutants of a module that differ from it and from each other, in the order of their lines.

    Left out is what is no decision: annotations, what is only logged, and whether it is. Operators are replaced by
    those of their kind: arithmetic by arithmetic, bits by bits; and values are not compared by identity where they were
    by value.
    """
    tree, nodes = ast.parse(text), list(ast_nodes(get_ast(text)))
    undecided = [*_annotations(tree), *_logged(tree)]
    known = {_compiled(text)}
    count: Counter[tuple[str, str, str]] = Counter()
    found = []
    for name, operator in _operators():
        positions = [(node, start) for node in nodes for start, _ in operator.mutation_positions(node)]
        for occurrence, (node, start) in enumerate(positions):
            # The mark of parameters that have no position is taken for an operator.
            if node.parent.type == "parameters" or any(first <= start < last for first, last in undecided):
                continue
            # Of an exception with a dot in its name only a part is replaced.
            source = _REPLACED.sub(_NO_EXCEPTION, mutate_code(text, operator, occurrence))
            compiled = _compiled(source)
            if compiled is None or compiled in known:
                continue
            known.add(compiled)
            definition = ASTQuery(node).get_definition_name() or ""
            before, after = _difference(text.splitlines(), source.splitlines())
            count[definition, before, after] += 1
            nth = count[definition, before, after]
            place = definition if nth == 1 else f"{definition} {nth}"
            found.append(Mutant(MutantId(file, place, before, after), start[0], name, source))
    return sorted(found, key=lambda mutant: mutant.line)


def _operators() -> Iterator[tuple[str, Any]]:
    for name in operator_names():
        provider, _, short = name.partition("/")
        operator = get_operator(name)
        # Those with arguments replace variables by random numbers: no two runs would have the same mutants.
        if provider == "core" and short != "NoOp" and not operator.arguments() and _of_one_kind(short):
            yield short, operator()


def _of_one_kind(operator: str) -> bool:
    if operator.startswith(_BINARY):
        old, new = operator.removeprefix(_BINARY).split("_")
        return (old in _ARITHMETIC) == (new in _ARITHMETIC)
    if operator.startswith(_COMPARISON):
        old, new = operator.removeprefix(_COMPARISON).split("_")
        return (old in _IDENTITY) == (new in _IDENTITY)
    return True


def _annotations(tree: ast.AST) -> Iterator[tuple[Position, Position]]:
    for node in ast.walk(tree):
        for annotation in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if isinstance(annotation, ast.expr):
                yield _extent(annotation)
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Annotated":
            yield _extent(node)


def _logged(tree: ast.AST) -> Iterator[tuple[Position, Position]]:
    for node in ast.walk(tree):
        if _logs(node):
            yield _extent(node)
        elif isinstance(node, ast.If) and not node.orelse and all(map(_only_logs, node.body)):
            yield _extent(node.test)


def _only_logs(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and _logs(statement.value)


def _logs(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and ast.unparse(node.func).startswith("log.")


def _extent(node: ast.expr) -> tuple[Position, Position]:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)


def _compiled(source: str) -> bytes | None:
    """What two texts have in common that are the same program; None for what is no program."""
    try:
        return marshal.dumps(_without_lines(compile(source, "", "exec")))
    except SyntaxError:
        return None


def _without_lines(code: CodeType) -> CodeType:
    constants = tuple(_without_lines(one) if isinstance(one, CodeType) else one for one in code.co_consts)
    return code.replace(co_consts=constants, co_linetable=b"", co_firstlineno=1)


def _difference(before: list[str], after: list[str]) -> tuple[str, str]:
    """The lines that are not in both, as one line each; where nothing replaces them, with the line that follows."""
    changes = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    (_, begin, end, new_begin, new_end), *_ = [change for change in changes if change[0] != "equal"]
    if new_begin == new_end:
        return _joined(before[begin : end + 1]), _joined(before[end : end + 1])
    return _joined(before[begin:end]), _joined(after[new_begin:new_end])


def _joined(lines: list[str]) -> str:
    return " ".join(" ".join(lines).split())


def read(files: Iterable[Path], root: Path) -> list[Mutant]:
    """The mutants of modules, each known by its path from the root."""
    return [mutant for file in files for mutant in mutants_of(file.read_text("utf-8"), str(file.relative_to(root)))]


def unchanged(mutant: Mutant, root: Path) -> Mutant:
    """The module of a mutant without its change, which is served like it."""
    text = (root / mutant.id.file).read_text("utf-8")
    return Mutant(MutantId(mutant.id.file, "", "", ""), 1, "none", text)
