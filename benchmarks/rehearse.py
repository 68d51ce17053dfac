"""How long a rehearsal of the example programme takes: `python benchmarks/rehearse.py [--real 50] [--fast 10000]`.

The people are invented: three zones and countries, and every tenth mentor has two pairs.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from ruamel.yaml import YAML

from gateway.logs import configure
from mentorship.programme import Programme
from records.people import Profile
from starter.rehearsal_parts import rehearse_fast
from starter.rehearsal_personas import USUAL, cast
from starter.rehearsal_real import rehearse_real
from starter.rehearsal_request import Couple, Rehearsed, Request

PLACES = (("Europe/Berlin", "DE"), ("America/New_York", "US"), ("Asia/Tokyo", "JP"))


def request(pairs: int) -> Request:
    """A cohort of this many pairs that starts next week; the same one on every day."""
    programme = Programme.model_validate(YAML(typ="safe").load(ROOT / "examples" / "engineering-2027.yaml"))
    mentors = [f"r{n - 1 if n % 10 == 9 else n}" for n in range(pairs)]
    couples = tuple(Couple(pair_id=f"pair-{n}", mentor_id=mentor, mentee_id=f"e{n}") for n, mentor in enumerate(mentors))
    acting = sorted({name for couple in couples for name in (couple.mentor_id, couple.mentee_id)})
    others = (*programme.contacts.coordinators, programme.contacts.owner, *programme.contacts.outside)
    people = [_person(name, int(name[1:])) for name in acting] + [_person(name, 0) for name in others]
    starts = (datetime.now(UTC) + timedelta(days=7)).replace(hour=0, minute=0, second=0, microsecond=0)
    return Request(programme=programme, people=tuple(people), pairs=couples, starts=starts, personas=cast(acting, USUAL, 1), seed=1)


def _person(name: str, number: int) -> Profile:
    zone, country = PLACES[number % len(PLACES)]
    return Profile(person_id=name, name=f"Person {name}", email=f"{name}@example.org", time_zone=zone, country=country)


def said(what: str, pairs: int, seconds: float, result: Rehearsed) -> None:
    ends = Counter(pair.phase for pair in result.pairs)
    print(f"{what}: {pairs} pairs in {seconds:.1f} s ({1000 * seconds / pairs:.1f} ms a pair), {len(result.mails)} mails, {dict(ends)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--real", type=int, default=50)
    parser.add_argument("--fast", type=int, default=10_000)
    asked = parser.parse_args()
    configure(level="ERROR")
    if asked.fast:
        wanted = request(asked.fast)
        begun = time.perf_counter()
        result = rehearse_fast(wanted)
        said("by the rules alone", asked.fast, time.perf_counter() - begun, result)
    if asked.real:
        wanted = request(asked.real)
        begun = time.perf_counter()
        result = asyncio.run(rehearse_real(wanted))
        said("on the real workflows", asked.real, time.perf_counter() - begun, result)
        quick = rehearse_fast(wanted)
        mine, theirs = (Counter((mail.at.date(), mail.person_id, mail.kind) for mail in of.mails) for of in (quick, result))
        print(f"mails by date the same: {mine == theirs} ({(mine - theirs).total()} and {(theirs - mine).total()} apart)")


if __name__ == "__main__":
    main()
