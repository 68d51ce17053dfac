"""Every sentence of a participant's page is said in some story, and every condition comes out either way, as with mails."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from unittest import mock

import httpx
import pytest

from tests.sentences.branches import Branches
from tests.sentences.house import Cohort, House
from tests.sentences.page_stories import PAGE_STORIES
from tests.sentences.stories import STORIES
from tests.sentences.village import Village
from webhook.app import create_app
from webhook.pages import rendering

pytestmark = pytest.mark.filterwarnings("ignore:Requested Holidays")

PAGE = "participant.html"
TOO = (
    "all-is-well",
    "milestones-that-are-not-agreed",
    "another-mentor-when-all-is-done",
    "an-end-after-the-share",
    "the-mentor-leaves",
)
"""Those of the mails' stories that say something on the page that the page's own do not."""

A_FORM = "Says what became of a form that Temporal took: `webhook/pages` sends such forms to a real server."
A_STORM = "A goal was reported on as often as one may be."
EXCUSED: dict[str, str] = {
    "{% for receipt in receipts %}": A_FORM,
    "{% if page.pending and not": A_FORM,
    "%(num)s message of yours is kept safely": A_FORM,
    "{% if item.may_report %}": A_STORM,
}
"""By what the template's line has."""


@pytest.fixture(scope="module")
def taken(house: House) -> Iterator[Branches]:
    """What the stories took of the page, which the first pair's two people open each time that a story has come to an instant."""
    branches = Branches()
    rendering._environment.cache_clear()
    with mock.patch.object(rendering, "Environment", branches.environment()):
        rendering._environment("en").get_template(PAGE)
        app = create_app(house.settings, None, house.records, clock=lambda: house.now, post=house.mailer)  # type: ignore[arg-type]
        house.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=house.settings.base_url)

        def look(cohort: Cohort) -> None:
            assert house.http is not None
            for who in ("mentor", "mentee"):
                answer = house.wait(house.http.get(house.page(cohort.pairs[0], who)))
                assert answer.status_code == HTTPStatus.OK
                assert "\u2068\u2069" not in answer.text, "set apart, and nothing there"

        house.looking = look
        yield branches
        house.wait(house.http.aclose())
    rendering._environment.cache_clear()


@pytest.fixture(scope="module")
def village(house: House) -> Village:
    return Village(house)


@pytest.fixture(scope="module")
def told() -> set[str]:
    return set()


ALL = {**{name: STORIES[name] for name in TOO}, **PAGE_STORIES}


@pytest.mark.parametrize("story", ALL)
def test_the_page_opens_at_each_instant_of_a_story(taken: Branches, village: Village, told: set[str], story: str) -> None:
    ALL[story](village)
    told.add(story)


def test_every_branch_and_every_sentence_of_the_page_is_taken_in_a_story(taken: Branches, village: Village, told: set[str]) -> None:
    for name, story in ALL.items():
        if name not in told:  # as where somebody runs this test alone
            story(village)
    never = [branch for branch in taken.missing() if branch.template == PAGE]
    unexcused = [str(branch) for branch in never if not any(known in branch.text for known in EXCUSED)]
    assert not unexcused, "\n".join(("no story takes", *unexcused))
    assert {known for known in EXCUSED if any(known in branch.text for branch in never)} == set(EXCUSED), "what is excused needs it"
