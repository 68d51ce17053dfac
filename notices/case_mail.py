"""Mails about cases: to the contacts whom a concern's raiser chose, a link and nothing else (H16); to coordinators, how many lines wait (P7);
to the programme's owner, a number and nothing else.

No mail here can tell a name, a pair or a word of a concern, since none is passed in.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Literal

from mentorship.programme import Texts
from notices.envelope import digest, enclosed
from notices.language import Clock, choose, zone
from notices.letter import letter
from notices.readers import Reader, plain
from notices.view import CaseView, utc


def compose_concern(
    *, reader: Reader, link: str, again: bool, taken: bool, at: datetime, key: str, sender: str, texts: Texts, who_sees_what: str | None = None
) -> EmailMessage:
    """To a contact who was asked, or who took it and has not closed it. Pure; `key` and the reader make the Message-ID. Raises NoAddress."""
    return _composed("concern", texts, reader=reader, at=at, key=key, sender=sender, link=link, again=again, taken=taken, who_sees_what=who_sees_what)


def compose_unowned(
    number: int, waited: timedelta, *, reader: Reader, at: datetime, key: str, sender: str, texts: Texts, who_sees_what: str | None = None
) -> EmailMessage:
    """To the programme's owner: how many cases waited this long. Pure. Raises NoAddress."""
    # A length under a day, of a short programme or a trial, would mean nothing to the owner.
    length = choose(reader.language, texts.languages).lasting(timedelta(days=waited.days)) if waited.days else None
    return _composed("unowned", texts, reader=reader, at=at, key=key, sender=sender, number=number, waited=length, who_sees_what=who_sees_what)


def compose_waiting(
    number: int, mine: int, *, reader: Reader, link: str, at: datetime, key: str, sender: str, texts: Texts, who_sees_what: str | None = None
) -> EmailMessage:
    """To a coordinator whom no digest has reminded: how many lines of their list wait, and how many they took themselves. Pure. Raises NoAddress."""
    return _composed("waiting", texts, reader=reader, at=at, key=key, sender=sender, page=link, number=number, mine=mine, who_sees_what=who_sees_what)


def _composed(
    kind: Literal["concern", "unowned", "waiting"], texts: Texts, *, reader: Reader, at: datetime, key: str, sender: str, **facts: object
) -> EmailMessage:
    language = choose(reader.language, texts.languages)
    clock = Clock(language, zone(reader.time_zone, texts.time_zone), utc(at))
    view = CaseView(
        reader=language.isolated(reader.name) if reader.name else "",
        programme=plain(texts.title),
        place=clock.place(),
        **facts,  # type: ignore[arg-type]
    )
    words = letter(kind, view, language.code)
    return enclosed(words, language.code, reader=reader, sender=sender, date=utc(at), name=digest(kind, key, reader.ref))
