"""Every mail of a whole programme by date and person: `python benchmarks/mails.py [--all]`.

Five casts play the 26 weeks of examples/engineering-2027.yaml: a diligent pair, a typical pair, one that moves every other meeting, a
silent pair, and a mentor of three. The rules, hours, spread and budget are the service's (`cohort rehearse --fast`); what people do is invented,
and the seed is fixed.

The counts are compared with the brief's numbers. A diligent person gets at most 20 mails, a typical one 30. Nobody gets more than 6 in 30
days that are neither changes nor the certificate. Follow-ups stop after two that nobody answers. It exits 1 if a number is exceeded.
Without `--all`, changes are left out of the list.
"""

from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from ruamel.yaml import YAML

from mentorship.effects import FOLLOW_UPS
from mentorship.programme import Programme
from records.people import Profile
from starter.rehearsal_fast import rehearse
from starter.rehearsal_figures import most_within
from starter.rehearsal_personas import Persona
from starter.rehearsal_request import Couple, Mail, Rehearsed, Request

STARTS = datetime(2027, 3, 1, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
WINDOW = timedelta(days=30)


class Cast(NamedTuple):
    """`most` is the brief's number for one person of one pair; None if only the budget applies."""

    name: str
    mentees: dict[str, Persona]
    mentor: Persona
    most: int | None


CASTS = (
    Cast("a diligent pair", {"ben": "diligent"}, "diligent", 20),
    Cast("a typical pair", {"ben": "busy"}, "diligent", 30),
    Cast("a pair that moves every other meeting", {"ben": "busy"}, "busy", None),
    Cast("a silent pair", {"ben": "silent"}, "silent", 20),
    Cast("a mentor of three", {"ben": "diligent", "cleo": "busy", "dan": "busy"}, "diligent", None),
)


def request(cast: Cast) -> Request:
    """Ana in Berlin mentors the others, in New York, London and Berlin."""
    programme = Programme.model_validate(YAML(typ="safe").load(ROOT / "examples" / "engineering-2027.yaml"))
    zones = {"ana": "Europe/Berlin", "ben": "America/New_York", "cleo": "Europe/London", "dan": "Europe/Berlin"}
    names = ["ana", *cast.mentees]
    return Request(
        programme=programme,
        people=tuple(Profile(person_id=name, name=name.title(), email=f"{name}@example.org", time_zone=zones[name]) for name in names),
        pairs=tuple(Couple(pair_id=f"{name}-pair", mentor_id="ana", mentee_id=name) for name in cast.mentees),
        starts=STARTS,
        personas={"ana": cast.mentor, **cast.mentees},
        seed=1,
    )


def table(cast: Cast, found: Rehearsed, *, changes: bool) -> list[str]:
    """One line for each mail, in the reader's zone, and one for each that was not sent."""
    acted = request(cast)
    zones = {profile.person_id: ZoneInfo(profile.time_zone or "UTC") for profile in acted.people}
    people = {couple.pair_id: couple for couple in acted.pairs}
    rows = [(mail.at, mail.person_id, mail.kind, mail.pair_id, "") for mail in found.mails if changes or not mail.exempt or mail.kind in {"result", "ended"}]
    rows += [
        (unsent.at, people[unsent.pair_id].person(unsent.to), unsent.kind, unsent.pair_id, f"not sent: {unsent.why}")  # type: ignore[arg-type]
        for unsent in found.unsent
        if unsent.to != "coordinators"
    ]
    return [f"  {at.astimezone(zones[who]):%a %d %b %H:%M}  {who:<5} {kind:<19} {pair:<10} {note}".rstrip() for at, who, kind, pair, note in sorted(rows)]


def faults(cast: Cast, found: Rehearsed) -> list[str]:
    """Where the brief's numbers are exceeded."""
    told = []
    for who in ("ana", *cast.mentees):
        mails = [mail for mail in found.mails if mail.person_id == who]
        counted = [mail for mail in mails if not mail.exempt]
        most = most_within(counted, WINDOW)
        if most > 6:
            told.append(f"{who}: {most} mails in 30 days")
        if cast.most is not None and len(mails) > cast.most:
            told.append(f"{who}: {len(mails)} mails, at most {cast.most} were promised")
    return told


def counts(who: str, mails: list[Mail]) -> str:
    kinds = ", ".join(f"{number} {kind}" for kind, number in Counter(mail.kind for mail in mails).most_common())
    asked = sum(mail.kind in FOLLOW_UPS for mail in mails)
    most = most_within([mail for mail in mails if not mail.exempt], WINDOW)
    return f"  {who:<5} {len(mails)} mails, most in 30 days {most} of 6, follow-ups {asked}: {kinds}"


def main() -> int:
    wrong: list[str] = []
    for cast in CASTS:
        found = rehearse(request(cast)).result
        print(f"\n{cast.name}" + (f" (at most {cast.most} mails a person)" if cast.most else " (at most 6 in 30 days over all pairs)"))
        print("\n".join(table(cast, found, changes="--all" in sys.argv)))
        for who in ("ana", *cast.mentees):
            print(counts(who, [mail for mail in found.mails if mail.person_id == who]))
        wrong += [f"{cast.name}: {fault}" for fault in faults(cast, found)]
    print("\n" + ("\n".join(wrong) if wrong else "within the brief's numbers"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
