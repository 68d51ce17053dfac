"""The mail with fresh links, for a person who asked for them at the door. The door answers everybody the same; only a known address gets this mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from email.message import EmailMessage

from notices.envelope import digest, enclosed
from notices.language import Clock, choose, zone
from notices.letter import letter
from notices.readers import Reader, plain
from notices.view import FreshLinkRow, FreshLinkView, utc


@dataclass(frozen=True, slots=True)
class FreshPage:
    """One page to open again at `url`, until `until`; `title` is the programme's.

    A mentorship's page has `partner`, that person's name (None: name nobody). A coordinator's list has `cohort` instead, the day on which the
    cohort began, since a programme has many cohorts.
    """

    programme: str
    url: str
    until: datetime
    partner: str | None = None
    cohort: date | None = None


def compose_fresh_link(
    pages: Sequence[FreshPage],
    *,
    reader: Reader,
    asked_at: datetime,
    key: str,
    sender: str,
    languages: Sequence[str] = ("en",),
    time_zone: str | None = None,
    who_sees_what: str | None = None,
) -> EmailMessage:
    """The mail with `pages`, at least one, to `reader`. Pure: the same input gives the same bytes. Raises NoAddress.

    Pages of one kind stop opening at the same time. `key` names the request, which gets one mail. `languages` and `time_zone` are the programmes', for
    readers without their own. The reader asked for this mail, so it ignores unsubscriptions and the budget.
    """
    language = choose(reader.language, languages)
    clock = Clock(language, zone(reader.time_zone, time_zone), utc(asked_at))
    view = FreshLinkView(
        reader=language.isolated(reader.name) if reader.name else "",
        programme=", ".join(dict.fromkeys(plain(page.programme) for page in pages)),
        place=clock.place(),
        pages=tuple(FreshLinkRow(_label(page, clock), page.url, is_list=page.cohort is not None) for page in pages),
        pages_until=next((clock.when(page.until) for page in pages if page.cohort is None), None),
        lists_until=next((clock.when(page.until) for page in pages if page.cohort is not None), None),
        who_sees_what=who_sees_what,
    )
    words = letter("fresh_link", view, language.code)
    return enclosed(words, language.code, reader=reader, sender=sender, date=utc(asked_at), name=digest("fresh-link", key, reader.ref))


def _label(page: FreshPage, clock: Clock) -> str:
    """What tells this page from the others in the mail."""
    _ = clock.language.translations.ugettext
    parts = [clock.language.isolated(shown) for part in (page.programme, page.partner or "") if (shown := plain(part))]
    if page.cohort is not None:
        noon = datetime.combine(page.cohort, time(12), clock.zone)  # noon, so that it is the same day in every zone
        parts.append(str(_("The cohort of %(day)s")) % {"day": clock.day(noon)})
    return " · ".join(parts)
