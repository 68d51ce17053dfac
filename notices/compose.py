"""Makes the mail of a notice: pure, with the same bytes for the same input, so that a retry repeats the very same mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import parseaddr

from mentorship.effects import CHANGES, SendNotice
from mentorship.programme import Texts
from notices import telling
from notices.calendar import invitation
from notices.envelope import addressed, digest, domain, finished
from notices.language import Clock, choose, zone
from notices.letter import letter, title
from notices.readers import Attachment, Elsewhere, Links, NoAddress, Reader, plain
from notices.view import View, utc


def compose(
    notice: SendNotice,
    *,
    mentorship: str,
    reader: Reader,
    partner: Reader | None,
    texts: Texts,
    links: Links,
    key: str,
    sender: str,
    at: datetime,
    attachments: Sequence[Attachment] = (),
    pair: Sequence[Reader] = (),
    free_before: timedelta = timedelta(hours=24),
    began: Mapping[int, datetime] | None = None,
    elsewhere: Sequence[Elsewhere] = (),
) -> EmailMessage:
    """The mail of `notice` to `reader`, ready to send.

    Raises NoAddress when the reader has none, NotToBeTold when the table withholds from them what the mail is about.

    `key` names the effect across mentorships; with the reader's id it makes the Message-ID. `sender` may carry a name
    (`Mentorship <mentorship@example.org>`); its address is the meetings' organizer. `pair` are the two people whom a `case` is about.
    `free_before` is the pair's notice period: how long before its start a meeting can still be moved freely. `began` says when the meetings began
    that the notice asks about again. `elsewhere` are the reader's other mentorships, named at the end. `at` is the instant of sending: what
    has passed by then is not announced.

    The mail and its invitation carry the date of the notice's own instant, whatever attempt it is. They carry `at` if that is earlier, as before a
    mentorship's start, whose events all count from the start.
    """
    telling.check(notice.kind)
    partner = telling.partner_for_reader(partner)
    dated, sent = sorted((utc(notice.due), utc(at)))
    language = choose(reader.language, texts.languages)
    clock = Clock(language, zone(reader.time_zone, texts.time_zone), sent)
    view = View(
        notice,
        reader=reader,
        partner=partner,
        pair=tuple(pair),
        texts=texts,
        links=links,
        clock=clock,
        free_before=free_before,
        began=began or {},
        elsewhere=tuple(elsewhere),
    )
    words = letter(notice.kind, view, language.code)
    name = digest("message", key, reader.ref)
    message = addressed(reader, sender, subject=words.subject, date=dated, name=name)
    thread = f"<{digest('thread', mentorship, reader.ref)}@{domain(sender)}>"
    message["In-Reply-To"] = thread
    message["References"] = thread
    if links.unsubscribe is not None and notice.kind not in CHANGES:
        message["List-Unsubscribe"] = f"<{links.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"

    message.set_content(words.text)
    message.add_alternative(words.html, subtype="html")
    if notice.calendar is not None:
        _invite(message, notice, dated, mentorship=mentorship, people=_invited(reader, partner), view=view, code=language.code, sender=sender)
    for attachment in attachments:
        _attach(message, attachment)
    return finished(message, language.code, name)


def _invite(message: EmailMessage, notice: SendNotice, dated: datetime, *, mentorship: str, people: list[Reader], view: View, code: str, sender: str) -> None:
    """Adds the invitation where calendars look for it, and as a file for those that look for files."""
    method, content = invitation(
        notice.calendar or (),
        mentorship=mentorship,
        sequence=notice.calendar_sequence,
        stamp=dated,
        organizer=parseaddr(sender)[1],
        # The same order for both readers, since it is one event.
        attendees=sorted(people, key=lambda person: person.side),
        title=title(view, code, "title"),
        description=title(view, code, "description"),
        organizer_name=view.programme,
    )
    message.add_alternative(content, maintype="text", subtype="calendar", params={"method": method, "charset": "utf-8"}, cte="base64")
    message.add_attachment(content, maintype="application", subtype="ics", filename="meetings.ics", cte="base64")


def _invited(reader: Reader, partner: Reader | None) -> list[Reader]:
    """Both, unless the partner cannot be written to or their address must not be told: that must not keep the reader from their calendar."""
    if partner is None:
        return [reader]
    try:
        partner.address  # noqa: B018 - asked for its error
    except NoAddress:
        return [reader]
    return [reader, partner]


def _attach(message: EmailMessage, attachment: Attachment) -> None:
    maintype, _, subtype = attachment.media_type.partition("/")
    message.add_attachment(attachment.content, maintype=maintype, subtype=subtype or "octet-stream", filename=plain(attachment.name), cte="base64")
