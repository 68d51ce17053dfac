"""The meetings as a calendar to subscribe to: times and the partner's existence, never a topic or a name."""

from __future__ import annotations

from mentorship.effects import MeetingFacts
from notices.calendar import feed
from notices.envelope import domain
from webhook.pages.known import Known
from webhook.pages.meetings import left_over


def calendar(known: Known, sender: str) -> bytes:
    """What is held or ahead, nothing that was called off, nor what an early end left over; empty before the mentorship begins.

    `sender` as in the mails: the series is theirs.
    """
    spoken = known.clock.language
    translated = spoken.translations.ugettext
    state = known.state
    meetings = []
    if state is not None:
        length = state.rules.duration.span
        standing = (m for m in state.meetings if m.cancelled is None and not left_over(state, m))
        meetings = [MeetingFacts(meeting=m.n, start=m.start, ends=m.start + length, confirmed=m.confirmed) for m in standing]
    return feed(
        meetings,
        mentorship=known.bearer.scope,
        sequence=state.calendar_sequence if state is not None else 0,
        stamp=known.now.replace(microsecond=0),
        domain=domain(sender),
        title=translated("Mentoring conversation"),
        description=translated("To move this meeting, call it off or say that it happened, use your page: the link is in your mails."),
    )
