"""The mail with a fresh link, for who asked at the door; the door answers everyone the same, only a known address gets this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage

from notices.envelope import addressed, digest, finished
from notices.language import Clock, choose, zone
from notices.letter import letter
from notices.readers import Reader, plain
from notices.view import FreshLinkView, utc


@dataclass(frozen=True, slots=True)
class FreshPage:
    """One page to open again: of the programme with this title, with this partner's name (None: say neither), at this address."""

    programme: str
    partner: str | None
    url: str


def compose_fresh_link(
    pages: Sequence[FreshPage],
    *,
    reader: Reader,
    asked_at: datetime,
    until: datetime,
    key: str,
    sender: str,
    languages: Sequence[str] = ("en",),
    time_zone: str | None = None,
    who_sees_what: str | None = None,
) -> EmailMessage:
    """The mail with `pages` to `reader`. Pure; same input, same bytes. Raises NoAddress.

    `until` is when the links stop opening, `key` names the request (one mail a request), `languages` and `time_zone` are the
    programme's, for readers without their own. It is asked for, so it can be neither unsubscribed from nor over budget.
    """
    language = choose(reader.language, languages)
    clock = Clock(language, zone(reader.time_zone, time_zone), utc(asked_at))
    rows = tuple((" · ".join(language.isolated(plain(part)) for part in (page.programme, page.partner) if part), page.url) for page in pages)
    view = FreshLinkView(
        reader=language.isolated(reader.name) if reader.name else "",
        programme=", ".join(dict.fromkeys(plain(page.programme) for page in pages)),
        place=clock.place(),
        pages=rows,
        until=clock.when(until),
        who_sees_what=who_sees_what,
    )
    words = letter("fresh_link", view, language.code)
    name = digest("fresh-link", key, reader.ref)
    message = addressed(reader, sender, subject=words.subject, date=utc(asked_at), name=name)
    message.set_content(words.text)
    message.add_alternative(words.html, subtype="html")
    return finished(message, language.code, name)
