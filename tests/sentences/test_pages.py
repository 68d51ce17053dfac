"""Every sentence of the pages is said in some story, and every condition comes out either way, as with mails."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from unittest import mock

import pytest

from tests.sentences.branches import Branches
from tests.sentences.case_stories import CASE_STORIES
from tests.sentences.door_stories import DOOR_STORIES
from tests.sentences.house import Cohort, House
from tests.sentences.page_stories import PAGE_STORIES
from tests.sentences.stories import STORIES, Story
from tests.sentences.village import Village
from tests.sentences.wording import Sentence, asked, unsaid
from tests.webhook.browser import GLUED, words
from webhook.pages import outcomes, own_certificate, rendering

pytestmark = pytest.mark.filterwarnings("ignore:Requested Holidays")

TOO = (
    "all-is-well",
    "milestones-that-are-not-agreed",
    "another-mentor-when-all-is-done",
    "an-end-after-the-share",
    "the-mentor-leaves",
)
"""Those of the mails' stories that say something on the page that the page's own do not."""

LATER = "Words for a code of a later release: workers and the web hook are not updated in one moment. Said in general, and never read while both are of one."
BEFORE = "A row of records that was written before migration 0003 does not tell since when."
EXCUSED: dict[str, str] = {
    '{%- if code == "already_done" %}{{ _("It was so already': LATER,
    '{% elif of.status == "revoked" %}': BEFORE,
    '{% else %}<p class="verdict bad">→ {% if of.since %}': BEFORE,
}
"""By what the template's line begins with."""
UNSAID: dict[str, str] = {
    "Ask both how it is going.": LATER,
    "I would like to hear how you are doing.": LATER,
    "Is there anything that I can do for you?": LATER,
    "This pair could use a person.": LATER,
    "Your mentorship": LATER,
    "It did not fit with how things stand.": LATER,
    "Revoked": BEFORE,
    "Superseded": BEFORE,
}
"""Sentences that no story says."""


class Pages:
    """The pages of a house, and what the stories told so far took of them."""

    def __init__(self, house: House, branches: Branches, said: set[Sentence]) -> None:
        self.branches = branches
        self.said = said
        self._house = house
        self._village = Village(house)
        self._told: set[str] = set()

    def tell(self, name: str, story: Story, *, looking: bool) -> None:
        """Once, whichever test asks first. `looking`: the first pair's two people open their page each time that the story has come to an instant."""
        if name not in self._told:
            self._told.add(name)
            self._house.looking = self._look if looking else None
            story(self._village)

    def tell_all(self) -> None:
        for name, story in LOOKED_AT.items():
            self.tell(name, story, looking=True)
        for name, story in DONE.items():
            self.tell(name, story, looking=False)

    def _look(self, cohort: Cohort) -> None:
        assert self._house.http is not None
        for who in ("mentor", "mentee"):
            answer = self._house.wait(self._house.http.get(self._house.page(cohort.pairs[0], who)))
            assert answer.status_code == HTTPStatus.OK
            assert "\u2068\u2069" not in answer.text, "set apart, and nothing there"
            assert not GLUED.search(words(answer)), words(answer)


LOOKED_AT = {**{name: STORIES[name] for name in TOO}, **PAGE_STORIES}
DONE = {**DOOR_STORIES, **CASE_STORIES}


@pytest.fixture(scope="module")
def pages(house: House) -> Iterator[Pages]:
    branches = Branches()
    rendering._environment.cache_clear()
    with (
        asked() as said,
        mock.patch.object(rendering, "Environment", branches.environment()),
        mock.patch.object(outcomes, "JOURNAL_WAIT", 0),
        mock.patch.object(own_certificate, "MADE_WAIT", 0),
    ):
        environment = rendering._environment("en")
        for name in environment.list_templates():
            environment.get_template(name)
        house.http = house.serve()
        yield Pages(house, branches, said)
        house.wait(house.http.aclose())
    rendering._environment.cache_clear()


@pytest.mark.parametrize("story", LOOKED_AT)
def test_the_page_opens_at_each_instant_of_a_story(pages: Pages, story: str) -> None:
    pages.tell(story, LOOKED_AT[story], looking=True)


@pytest.mark.parametrize("story", DONE)
def test_what_people_do_on_pages_ends_as_the_story_says(pages: Pages, story: str) -> None:
    pages.tell(story, DONE[story], looking=False)


def test_every_branch_of_a_page_is_taken_in_a_story(pages: Pages) -> None:
    pages.tell_all()
    never = pages.branches.missing()
    unexcused = [str(branch) for branch in never if not branch.text.startswith(tuple(EXCUSED))]
    assert not unexcused, "\n".join(("no story takes", *unexcused))
    assert {known for known in EXCUSED if any(branch.text.startswith(known) for branch in never)} == set(EXCUSED), "what is excused needs it"


def test_every_sentence_of_a_page_is_said_in_a_story(pages: Pages) -> None:
    """Those of mails, too, that coordinators get drafted on their pages."""
    pages.tell_all()
    never = unsaid(pages.said, "webhook") | unsaid(pages.said, "notices/attention.py")
    assert {one.text for one in never} == set(UNSAID), "\n".join(map(str, never))
