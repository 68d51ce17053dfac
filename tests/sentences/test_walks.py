"""No walk over the pages comes to a fault, to a gap in a sentence, or to something that a page offers and does not do."""

from __future__ import annotations

from random import Random

import pytest

from tests.sentences.house import STARTS, House
from tests.sentences.stories import accept
from tests.sentences.village import Village
from tests.sentences.walk import Walk

pytestmark = pytest.mark.filterwarnings("ignore:Requested Holidays")


@pytest.mark.parametrize("seed", range(4))
def test_a_walk_over_the_pages_comes_to_no_bad_end(house: House, seed: int) -> None:
    """Ids are minted anew each time, so that a seed is not the same walk twice: what fails tells its trail."""
    luck, village = Random(seed), Village(house)
    cohort = village.cohort(f"walk-{seed}", count=4, languages=("en", luck.choice(("en", "de", "ar"))), nameless=seed == 1)
    cohort.until(STARTS)
    if seed % 2:
        accept(cohort.pairs[0])
    house.http = house.serve()
    try:
        Walk(village, cohort, luck).go(40)
    finally:
        house.wait(house.http.aclose())
