"""Which branches of templates were taken while something was rendered. wording.py tells which sentences were said.

The templates' own syntax trees are marked before they are compiled: both sides of every condition (also of one without `else`), the body of every loop
and what stands there instead, every macro, each sentence of a table of sentences, and what a sentence stands in for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from jinja2 import Environment, nodes
from jinja2.visitor import NodeTransformer

_SENTENCES = frozenset({"_", "gettext", "ngettext", "pgettext", "npgettext"})


class Branch(NamedTuple):
    """A place in a template. `what` says which side of a condition it is, or what else; `nth` tells apart what is alike in one line."""

    template: str
    line: int
    what: str
    nth: int
    text: str
    """The template's line."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What stays the same when other lines change: the template, the condition or else the line, and the side."""
        condition = re.search(r"{% if (.*?) %}", self.text)
        return self.template, condition[1] if condition is not None else self.text, self.what

    def __str__(self) -> str:
        return f"{self.template}:{self.line}: {self.what}: {self.text}"


@dataclass
class Branches:
    """What templates have, and what of it was taken. Environments made by `environment` tell it."""

    known: list[Branch] = field(default_factory=list)
    taken: set[Branch] = field(default_factory=set)
    lines: dict[str, list[str]] = field(default_factory=dict)

    def environment(self) -> type[Environment]:
        """An environment class to be used in place of jinja2's own."""
        branches = self

        class Watched(Environment):
            def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
                branches.lines[name or ""] = source.splitlines()
                return super()._parse(source, name, filename)

            def _generate(self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False) -> str:
                marked = _Marker(branches, name or "").visit(source)
                marked.set_environment(self)
                return super()._generate(marked, name, filename, defer_init)

            def took(self, place: int, value: Any = "") -> Any:
                branches.take(place)
                return value

            def chosen(self, words: dict[Any, Any], each: dict[Any, int]) -> _Words:
                return _Words(branches, words, each)

        return Watched

    def take(self, place: int) -> None:
        self.taken.add(self.known[place])

    def missing(self) -> list[Branch]:
        return sorted({*self.known} - self.taken)


class _Words(dict[Any, Any]):
    """A table of words in a template, which notes those that were looked up."""

    def __init__(self, branches: Branches, words: dict[Any, Any], each: dict[Any, int]) -> None:
        super().__init__(words)
        self._branches, self._each = branches, each

    def __getitem__(self, key: Any) -> Any:
        word = super().__getitem__(key)
        self._branches.take(self._each[key])
        return word

    def get(self, key: Any, default: Any = None) -> Any:
        if key not in self:
            return default
        return self[key]


class _Marker(NodeTransformer):
    """Marks one template. Each template is marked once, so that what an environment with another language compiles again has the same places."""

    def __init__(self, branches: Branches, template: str) -> None:
        self._branches = branches
        self._template = template
        self._seen: set[Branch] = set()

    def _branch(self, line: int, what: str) -> nodes.Const:
        branch = Branch(self._template, line, what, 0, self._branches.lines[self._template][line - 1].strip())
        while branch in self._seen:
            branch = branch._replace(nth=branch.nth + 1)
        self._seen.add(branch)
        self._branches.known.append(branch)
        return nodes.Const(len(self._branches.known) - 1)

    @staticmethod
    def _call(name: str, *arguments: nodes.Expr) -> nodes.Call:
        return nodes.Call(nodes.EnvironmentAttribute(name), list(arguments), [], None, None)

    def _mark(self, line: int, what: str) -> nodes.ExprStmt:
        mark = nodes.ExprStmt(self._call("took", self._branch(line, what)))
        mark.set_lineno(line)
        return mark

    def visit_If(self, node: nodes.If) -> nodes.If:  # noqa: N802 - the visitor's name
        self._one(node)
        for other in node.elif_:
            self._one(other)
        node.else_ = [self._mark(node.lineno, "else"), *self._all(node.else_)]
        return node

    def _one(self, node: nodes.If) -> None:
        node.test = self.visit(node.test)
        node.body = [self._mark(node.lineno, "if"), *self._all(node.body)]

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802 - the visitor's name
        node.iter = self.visit(node.iter)
        node.body = [self._mark(node.lineno, "for"), *self._all(node.body)]
        if node.else_:
            node.else_ = [self._mark(node.lineno, "for, nothing"), *self._all(node.else_)]
        return node

    def visit_Macro(self, node: nodes.Macro) -> nodes.Macro:  # noqa: N802 - the visitor's name
        node.body = [self._mark(node.lineno, "macro"), *self._all(node.body)]
        return node

    def _all(self, body: list[nodes.Node]) -> list[nodes.Node]:
        return [self.visit(node) for node in body]

    def visit_CondExpr(self, node: nodes.CondExpr) -> nodes.CondExpr:  # noqa: N802 - the visitor's name
        self.generic_visit(node)
        node.expr1 = self._call("took", self._branch(node.lineno, "if"), node.expr1)
        if node.expr2 is not None:
            node.expr2 = self._call("took", self._branch(node.lineno, "else"), node.expr2)
        return node

    def visit_Or(self, node: nodes.Or) -> nodes.Or:  # noqa: N802 - the visitor's name
        """What a sentence stands in for has to be there in some story, too."""
        stands_in = isinstance(node.right, nodes.Call) and _is_sentence(node.right)
        self.generic_visit(node)
        if stands_in:
            there = self._branch(node.lineno, "without the words that stand in")
            node.left = nodes.And(node.left, self._call("took", there, node.left))
        return node

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:  # noqa: N802 - the visitor's name
        each: list[nodes.Pair] = []
        for pair in node.items:
            if not (isinstance(pair.key, nodes.Const) and isinstance(pair.value, nodes.Call) and _is_sentence(pair.value)):
                self.generic_visit(node)
                return node
            each.append(nodes.Pair(pair.key, self._branch(pair.lineno, str(pair.key.value))))
        return self._call("chosen", node, nodes.Dict(each))


def _is_sentence(node: nodes.Call) -> bool:
    return isinstance(node.node, nodes.Name) and node.node.name in _SENTENCES
