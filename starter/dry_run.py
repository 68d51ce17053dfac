"""What a cohort would be like: the calendar of its first pair and the mails to come. For `cohort start --dry-run`."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from mentorship.commands import Plan
from mentorship.mail_plan import expected_mails
from mentorship.people import SIDES
from starter.answer import columns, counted, local_time
from starter.roster import Roster


def preview(roster: Roster, plans: dict[str, Plan]) -> tuple[dict[str, Any], list[str]]:
    """(the preview for programs, the same for people)."""
    pair = roster.pairs[0]
    plan, zone = plans[pair.pair_id], roster.home(pair.mentee_id).zone
    mails = expected_mails(roster.programme.rules(), plan)
    counts = {side: Counter(mail.kind for mail in mails if mail.to == side) for side in SIDES}
    people = {person for other in roster.pairs for person in (other.mentor_id, other.mentee_id)}
    result = {
        "ok": True,
        "pairs": len(roster.pairs),
        "people": len(people),
        "starts": plan.starts,
        "ends": plan.ends,
        "reporting_ends": plan.reporting_ends,
        "first_pair": {
            "pair_id": pair.pair_id,
            "time_zone": zone,
            "meetings": [{"meeting": number, **slot.model_dump(mode="json")} for number, slot in enumerate(plan.slots, start=1)],
            "mails": {side: {"total": kinds.total(), **kinds} for side, kinds in counts.items()},
        },
    }
    home = roster.programme.programme.time_zone
    lines = [
        f"{roster.programme.programme.title}: {counted(len(roster.pairs), 'pair')}, {counted(len(people), 'person', 'people')}",
        f"starts {_both(plan.starts, home)}, ends {_both(plan.ends, home)}, reports until {_both(plan.reporting_ends, home)}; times in {home}",
        "",
        f"calendar of {pair.pair_id} ({zone}):",
        *columns(
            ("meeting", "start", "prepared", "asked"),
            [
                (number, local_time(slot.start, zone), local_time(slot.prepare_at, zone), local_time(slot.ask_at, zone))
                for number, slot in enumerate(plan.slots, 1)
            ],
        ),
        "",
        *(f"mails to a diligent {side}: {kinds.total()} ({', '.join(f'{n} {kind}' for kind, n in kinds.items())})" for side, kinds in counts.items()),
    ]
    return result, lines


def _both(at: datetime, zone: str) -> str:
    return f"{local_time(at, zone)} ({at:%Y-%m-%dT%H:%M:%SZ})"
