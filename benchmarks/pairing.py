"""Pairs 5,000 mentees with 5,000 mentors, in under 10 seconds and under 1 GiB. The invented people form clusters, so that many scores tie.

`python benchmarks/pairing.py [PEOPLE]` prints each step's time and the highest resident memory, and exits 1 beyond the limits.
"""

from __future__ import annotations

import random
import resource
import sys
import time

import numpy as np

from mentorship.programme import Condition, Criterion, Pairing
from starter.pairing_match import NOBODY, match
from starter.pairing_rules import Panel, Party

SECONDS, BYTES = 10.0, 2**30
SKILLS = [f"skill {number}" for number in range(60)]
PLACES = ["Berlin", "Cairo", "London", "Pune", "Tokyo", "Austin", "Rome"]


def people(prefix: str, count: int, chance: random.Random) -> list[Party]:
    """A few skills are wanted by many, as in reality."""
    wanted = [1 / (rank + 1) for rank in range(len(SKILLS))]
    return [
        Party(
            f"{prefix}-{number:05}",
            1,
            {
                "skills": tuple(set(chance.choices(SKILLS, wanted, k=3))),
                "language": (chance.choice(["en", "en", "en", "de", "ar"]),),
                "department": (f"d{chance.randrange(40)}",),
                "place": (chance.choice(PLACES),),
            },
        )
        for number in range(count)
    ]


def main(count: int) -> int:
    chance = random.Random(1)
    mentees, mentors = people("e", count, chance), people("m", count, chance)
    ids = [party.person_id for party in (*mentees, *mentors)]
    managers: dict[str, str | None] = {name: chance.choice(ids) for name in ids}
    criteria = (
        Criterion(score=10, when=Condition(shares=("skills", "skills"))),
        Criterion(score=6, when=Condition(same=("language", "language"))),
        Criterion(score=3, when=Condition(differs=("department", "department"))),
        Criterion(score=1, when=Condition(same=("place", "place"))),
    )
    panel = Panel(mentees, mentors, Pairing(criteria=criteria), managers, 2)
    began = time.perf_counter()
    allowed = panel.allowed()
    ruled = time.perf_counter()
    scores = panel.scores()
    scored = time.perf_counter()
    matched = match(scores, allowed, np.ones(count, dtype=np.int64))
    done = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    has = matched != NOBODY
    total = int(scores[np.flatnonzero(has), matched[has]].sum())
    print(f"{count} x {count}: {int(has.sum())} paired, total {total}")
    print(f"rules {ruled - began:.2f} s, criteria {scored - ruled:.2f} s, matching {done - scored:.2f} s; together {done - began:.2f} s (limit {SECONDS:.0f})")
    print(f"highest memory {peak / 2**20:.0f} MiB (limit {BYTES // 2**20})")
    return 0 if done - began < SECONDS and peak < BYTES else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000))
