"""What a signature covers: a check that our own documents have nothing unsigned.

An RDF proof signs what the document means under its contexts. A member that no context defines means nothing, and is silently left unsigned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from openbadgeslib.ob3.contexts import document_loader
from pyld import jsonld

NOWHERE = "https://undefined.invalid/"
"""The base for relative names while we look for them; a canonicalising program has none, and drops them."""


class UnsignedTerm(Exception):  # noqa: N818 - it says what is wrong, as the other packages' errors do
    """Members or types that the proof would not cover."""

    def __init__(self, terms: tuple[str, ...]) -> None:
        super().__init__(f"not defined by the document's contexts, so never signed: {', '.join(terms)}")
        self.terms = terms


def lint(document: Mapping[str, Any]) -> None:
    """Raises `UnsignedTerm` if the contexts leave anything undefined. The library contains the contexts; any other one is an error."""
    if undefined := undefined_terms(document):
        raise UnsignedTerm(undefined)


def undefined_terms(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of members, types and ids that would be dropped, each once, in the order of the document."""
    dropped: list[str] = []
    expanded = jsonld.expand(
        dict(document),
        {"documentLoader": document_loader(), "base": NOWHERE},
        on_property_dropped=lambda name: dropped.append(str(name)),
    )
    dropped.extend(_relative(expanded))
    return tuple(dict.fromkeys(dropped))


def _relative(value: Any) -> Iterator[str]:
    """Ids and types that stayed relative: RDF drops every statement that contains one."""
    if isinstance(value, list):
        for item in value:
            yield from _relative(item)
    elif isinstance(value, dict):
        kind = value.get("@type", ())
        names = (value.get("@id"), *([kind] if isinstance(kind, str) else kind))
        yield from (name.removeprefix(NOWHERE) for name in names if isinstance(name, str) and _undefined(name))
        for key, inner in value.items():
            if key not in ("@id", "@type", "@value"):
                yield from _relative(inner)


def _undefined(name: str) -> bool:
    return name.startswith(NOWHERE) or (":" not in name and name != "@json")
