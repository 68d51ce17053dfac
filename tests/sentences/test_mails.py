"""Every sentence of a mail is said in some story that people might live, and every condition comes out either way (H12, Calm).

Tests with facts filled in by hand show how a sentence reads. They do not show that anything ever says it: sentences that no story could reach stood in
mails for long. Here all facts come from what people said and did, through the core, records and the worker's own ports.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import EmailMessage
from unittest import mock

import pytest
from jinja2 import Environment

from notices import letter
from tests.sentences.branches import Branches
from tests.sentences.house import House
from tests.sentences.stories import STORIES
from tests.sentences.village import Village
from tests.sentences.wording import Sentence, asked, unsaid

pytestmark = pytest.mark.filterwarnings("ignore:Requested Holidays")

A_LINK = "`Links` and `Reader` let whoever composes a mail leave a link out; the service's own ports never do. No sentence stands on this side."
EXCUSED = {
    ("html/base.j2", "view.who_sees_what", "else"): A_LINK,
    ("text/base.j2", "view.who_sees_what", "else"): A_LINK,
    ("kinds/reissued.j2", "view.certificate", "else"): A_LINK,
    ("kinds/reissued.j2", "view.profile", "else"): A_LINK,
    ("kinds/result.j2", "view.profile", "else"): A_LINK,
    ("kinds/welcome.j2", "view.calendar_feed", "else"): A_LINK,
}

ELSEWHERE = {
    "notices/attention.py": "What coordinators read of a line, and get drafted, stands on their pages: test_pages.py.",
    "notices/language.py": "Lengths and days, of which each asks for all forms at once: notices/test_language.py.",
}


class Told:
    """The stories told so far, and what of the mails' templates they took. Told once, whichever test asks first."""

    def __init__(self, house: House, said: set[Sentence]) -> None:
        self.branches = Branches()
        self.said = said
        self._house = house
        self._village = Village(house)
        self._told: dict[str, list[EmailMessage]] = {}

    def watch(self) -> None:
        """Knows every template before anything is told."""
        for medium, other in (("text", "html"), ("html", "text")):
            environment: Environment = letter._environment("en", medium)
            for name in environment.list_templates():
                if not name.startswith(f"{other}/"):
                    environment.get_template(name)

    def tell(self, story: str) -> list[EmailMessage]:
        """The mails of a story."""
        if story not in self._told:
            before = len(self._house.mailer.mails)
            STORIES[story](self._village)
            self._told[story] = self._house.mailer.mails[before:]
        return self._told[story]


@pytest.fixture(scope="module")
def told(house: House) -> Iterator[Told]:
    letter._environment.cache_clear()
    with asked() as said, mock.patch.object(letter, "Environment", (told := Told(house, said)).branches.environment()):
        told.watch()
        yield told
    letter._environment.cache_clear()


def _said(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return " ".join(f"{mail['Subject']}: {part.get_content()}".split())


@pytest.mark.parametrize("story", STORIES)
def test_what_a_story_says_has_no_gaps(told: Told, story: str) -> None:
    """Such as a name that shows nothing would leave."""
    mails = told.tell(story)
    assert mails
    assert [said for mail in mails if re.search(r"%\(|\bNone\b|\u2068\u2069| [,:.!?] |- and | · -|[,:] ?[,.:]", said := _said(mail))] == []


def test_a_meeting_that_moves_there_and_back_before_anybody_reads_of_it_has_no_new_time(told: Told) -> None:
    """The one who was asked about it as well: what waited for them was the proposal to move it back, in place of the news."""
    mails = [said for mail in told.tell("meetings-that-move") if "29 Mar, 10:00: Hello" in (said := _said(mail)) and not said.startswith("Your next")]
    assert ["Hello Mia" in mail for mail in mails] == [True, False]
    for mail in mails:
        assert mail.startswith("As before: Mon 29 Mar, 10:00")
        assert "stays at its time" in mail
        assert "new time" not in mail


def test_who_answered_the_survey_at_night_is_not_asked_for_it_in_the_morning(told: Told) -> None:
    """Calm, H5: the partner is."""
    mails = [_said(mail) for mail in told.tell("a-survey-that-is-answered-at-night")]
    asked, answered = [next(said for said in mails if f"Hello {name}" in said and "can be reported until" in said) for name in ("Mia", "Noor")]
    assert asked.startswith("Six questions to close with")
    assert answered.startswith("Your mentorship has come to its end")
    assert "ix questions" not in answered
    assert not [said for said in mails if "Hello Noor" in said and "ix questions" in said]


def test_a_preparation_that_waited_for_its_readers_morning_names_the_topic_that_the_page_has(told: Told) -> None:
    """H10: the mentee read theirs in the evening, before the two had talked besides."""
    mails = [said for mail in told.tell("a-talk-in-the-readers-night") if (said := _said(mail)).startswith("Your next") and "Meeting 2" in said]
    topics = {name: re.search(r"Topic: (.*?) -", said) for said in mails for name in ("Mia", "Noor") if f"Hello {name}" in said}
    evening, morning = topics["Noor"], topics["Mia"]
    assert evening is not None
    assert morning is not None
    assert evening[1] != morning[1]
    assert ["Its questions are on your page." in said for said in mails] == ["Hello Mia" in said for said in mails]


def test_a_mentor_of_whom_nothing_is_left_to_do_reads_of_nothing_that_counts(told: Told) -> None:
    """P6: the mentee brought every milestone along."""
    mails = [said for mail in told.tell("another-mentor-when-all-is-done") if "Hello Mia" in (said := _said(mail))]
    (stretch,) = (said for said in mails if said.startswith("The last stretch"))
    (result,) = (said for said in mails if said.startswith("Your mentorship has come to its end"))
    assert "The programme runs until" in stretch
    assert "counts" not in stretch
    assert "certificate or not" in result
    assert "below" not in result


def test_who_has_taken_everything_is_asked_to_take_nothing(told: Told) -> None:
    """P7."""
    digests = [said for mail in told.tell("lines-that-are-taken") if "drafted for each" in (said := _said(mail))]
    assert {("Waiting for somebody" in said, "Please take" in said) for said in digests} == {(True, True), (False, False)}


def test_every_branch_of_a_mail_is_taken_in_a_story(told: Told) -> None:
    """If one is not: whoever added it adds the story that says it to stories.py, or finds that nothing can say it."""
    for story in STORIES:
        told.tell(story)
    missing = {branch: branch.key for branch in told.branches.missing()}
    never = [str(branch) for branch, key in missing.items() if key not in EXCUSED]
    assert not never, "\n".join(("no story takes", *never))
    assert set(missing.values()) == set(EXCUSED), "what is excused needs it"


def test_every_sentence_of_a_mail_is_said_in_a_story(told: Told) -> None:
    """Also those that Python makes, but for those that are said elsewhere."""
    for story in STORIES:
        told.tell(story)
    never = unsaid(told.said, "notices").difference(*(unsaid(set(), file) for file in ELSEWHERE))
    assert not never, "\n".join(map(str, never))
