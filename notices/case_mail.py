"""Mails about concerns (H16): to whom the raiser chose, a link and nothing else; to the programme's owner, a number and nothing else.

No name, no pair and no word of the concern can be told here, since none is handed in.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Literal

from mentorship.programme import Texts
from notices.envelope import addressed, digest, finished
from notices.language import Clock, choose, zone
from notices.letter import letter
from notices.readers import Reader, plain
from notices.view import CaseView, utc


def compose_concern(
    *, reader: Reader, link: str, again: bool, taken: bool, at: datetime, key: str, sender: str, texts: Texts, who_sees_what: str | None = None
) -> EmailMessage:
    """To one who was asked, or who took it and has not closed it. Pure; `key` and the reader make the Message-ID. Raises NoAddress."""
    return _composed("concern", reader, at, key, sender, texts, link=link, again=again, taken=taken, who_sees_what=who_sees_what)


def compose_unowned(number: int, waited: timedelta, *, reader: Reader, at: datetime, key: str, sender: str, texts: Texts) -> EmailMessage:
    """To the programme's owner: how many cases waited for so long. Pure. Raises NoAddress."""
    return _composed("unowned", reader, at, key, sender, texts, number=number, days=waited.days)


def _composed(kind: Literal["concern", "unowned"], reader: Reader, at: datetime, key: str, sender: str, texts: Texts, **facts: object) -> EmailMessage:  # noqa: PLR0917
    language = choose(reader.language, texts.languages)
    clock = Clock(language, zone(reader.time_zone, texts.time_zone), utc(at))
    view = CaseView(
        reader=language.isolated(reader.name) if reader.name else "",
        programme=plain(texts.title),
        place=clock.place(),
        **facts,  # type: ignore[arg-type]
    )
    words = letter(kind, view, language.code)
    name = digest(kind, key, reader.ref)
    message = addressed(reader, sender, subject=words.subject, date=utc(at), name=name)
    message.set_content(words.text)
    message.add_alternative(words.html, subtype="html")
    return finished(message, language.code, name)
