"""Which sentences of the sources were asked of the catalogues, in whatever language, while something was said: by templates, and by Python where it makes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from babel.messages.extract import extract_from_dir
from babel.support import NullTranslations, Translations

_ROOT = Path(__file__).parents[2]
_KEYWORDS: dict[str, Any] = {"_": None, "translated": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
_METHODS = [("**.py", "python"), ("**.j2", "jinja2"), ("**.html", "jinja2")]


class Sentence(NamedTuple):
    """What translators translate. `how` says which form of one with a number: `one`, `many`, or empty for any other sentence."""

    text: str
    context: str | None = None
    how: str = ""


@contextmanager
def asked() -> Iterator[set[Sentence]]:
    """The sentences that were asked for inside the block. Templates have to be loaded in it."""
    heard: set[Sentence] = set()

    def listening(kind: type[NullTranslations], name: str, sentence: Any) -> Any:
        answer = getattr(kind, name)

        def hear(self: NullTranslations, *words: Any) -> Any:
            heard.add(sentence(*words))
            return answer(self, *words)

        return mock.patch.object(kind, name, hear)

    with ExitStack() as stack:
        for kind in (NullTranslations, Translations):
            stack.enter_context(listening(kind, "ugettext", Sentence))
            stack.enter_context(listening(kind, "pgettext", lambda context, text: Sentence(text, context)))
            stack.enter_context(listening(kind, "ungettext", lambda one, _, number: Sentence(one, None, "one" if number == 1 else "many")))
        yield heard


def unsaid(said: set[Sentence], within: str) -> set[Sentence]:
    """What was never asked for of all that a package has, or of one of its files."""
    package = within.partition("/")[0]
    found: set[Sentence] = set()
    for name, _, message, _, context in extract_from_dir(_ROOT / package, method_map=_METHODS, keywords=_KEYWORDS, options_map={}):
        if f"{package}/{name}".startswith(within):
            found |= {Sentence(message, context)} if isinstance(message, str) else {Sentence(message[0], context, how) for how in ("one", "many")}
    return found - said
