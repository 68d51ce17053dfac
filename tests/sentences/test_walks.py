"""No walk over the pages comes to a fault, to a gap in a sentence, or to something that a page offers and does not do."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from random import Random
from unittest import mock

import pytest

from tests.sentences.house import STARTS, House
from tests.sentences.stories import accept
from tests.sentences.village import Village
from tests.sentences.walk import Walk

pytestmark = pytest.mark.filterwarnings("ignore:Requested Holidays")

Founded = Callable[[], AbstractContextManager[House]]


def walk(founded: Founded, seed: int, steps: int = 40) -> list[str]:
    """Its trail. In a company of its own, whose ids and keys come of the seed too: one seed is one walk, alone as well as after others."""
    luck, minted = Random(seed), Random(f"minted {seed}")
    with mock.patch.multiple(secrets, choice=minted.choice, randbelow=minted.randrange, token_bytes=minted.randbytes), founded() as house:
        village = Village(house)
        cohort = village.cohort(f"walk-{seed}", count=4, languages=("en", luck.choice(("en", "de", "ar"))), nameless=seed == 1)
        cohort.until(STARTS)
        if seed % 2:
            accept(cohort.pairs[0])
        house.http = house.serve()
        try:
            walk = Walk(village, cohort, luck)
            walk.go(steps)
        finally:
            house.wait(house.http.aclose())
    return walk.trail


@pytest.mark.parametrize("seed", range(4))
def test_a_walk_over_the_pages_comes_to_no_bad_end(founded: Founded, seed: int) -> None:
    """What fails tells the end of its trail; its seed walks the whole again."""
    walk(founded, seed)


def test_a_seed_is_the_same_walk_each_time(founded: Founded) -> None:
    assert walk(founded, 4, steps=12) == walk(founded, 4, steps=12)
