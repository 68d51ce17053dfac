"""The mail to a coordinator: each week, which pairs need a person and how far the cohort has come; at its closing, how it went (P7)."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage

from pydantic import BaseModel

from mentorship.programme import Texts
from notices.attention import line_words
from notices.digest_view import DigestRow, DigestView
from notices.envelope import digest, enclosed
from notices.language import Clock, Language, choose, zone
from notices.letter import letter
from notices.readers import Links, Reader, plain
from notices.view import utc

MOST_ROWS = 15
"""Rows of each group in the mail; the list has them all."""


class DigestLine(BaseModel, frozen=True, hide_input_in_errors=True):
    """One pair that needs a person: why, as a code of the list, never a reason that somebody gave (H14)."""

    names: tuple[str, ...]
    line: str
    since: datetime


class DigestFacts(BaseModel, frozen=True, hide_input_in_errors=True):
    """`waiting` are lines that nobody took, `mine` the reader's, of `number` pairs in all. `others` and `aside` count those that the reader can ignore now.

    `opened` and `closed` count the last seven days. The rest counts the whole cohort, and is None if it would reveal a single pair's.
    """

    at: datetime
    closing: bool
    number: int = 0
    waiting: tuple[DigestLine, ...] = ()
    mine: tuple[DigestLine, ...] = ()
    others: int = 0
    aside: int = 0
    opened: int = 0
    closed: int = 0
    pairs: int = 0
    running: int = 0
    over: int = 0
    held: int | None = None
    reached: int | None = None
    certified: int | None = None

    @property
    def worth_a_mail(self) -> bool:
        """Whether to send it. A mail that says that nobody needs anybody is one too many, except the last."""
        return self.closing or bool(self.waiting or self.mine)


def compose_digest(facts: DigestFacts, *, reader: Reader, links: Links, key: str, sender: str, texts: Texts) -> EmailMessage:
    """Pure: the same facts give the same bytes. Raises NoAddress when the reader has none.

    It ignores unsubscriptions and the budget: coordinators learn from it about their own work.
    """
    at = utc(facts.at)
    language = choose(reader.language, texts.languages)
    clock = Clock(language, zone(reader.time_zone, texts.time_zone), at)
    view = DigestView(
        reader=language.isolated(reader.name) if reader.name else "",
        programme=plain(texts.title),
        place=clock.place(),
        page=links.page,
        who_sees_what=links.who_sees_what,
        closing=facts.closing,
        waiting=tuple(_row(line, clock) for line in facts.waiting[:MOST_ROWS]),
        mine=tuple(_row(line, clock) for line in facts.mine[:MOST_ROWS]),
        more=sum(max(0, len(group) - MOST_ROWS) for group in (facts.waiting, facts.mine)),
        **facts.model_dump(exclude={"at", "closing", "waiting", "mine"}),
    )
    words = letter("digest", view, language.code)
    return enclosed(words, language.code, reader=reader, sender=sender, date=at, name=digest("digest", key, reader.ref))


def together(names: tuple[str, ...], language: Language) -> str:
    """Two names as a phrase; an erased person has none, nor has one whose name shows nothing."""
    _ = language.translations.ugettext
    shown = [language.isolated(one) for name in names if (one := plain(name))]
    match shown:
        case [one, two]:
            return str(_("%(one)s and %(two)s")) % {"one": one, "two": two}
        case [one]:
            return one
        case []:
            return str(_("A pair without names"))
        case _:
            return ", ".join(shown)


def _row(line: DigestLine, clock: Clock) -> DigestRow:
    words = line_words(line.line, clock.language)
    return DigestRow(names=together(line.names, clock.language), why=words.why, step=words.step, since=clock.day(line.since))
