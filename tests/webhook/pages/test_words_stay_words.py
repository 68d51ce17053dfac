"""What people wrote, and their names, are plain text on every page: nobody can put markup on somebody else's (H12, H16)."""

from __future__ import annotations

from mentorship import commands as c
from records.people import Profile

MARKUP = """<img src=x onerror="alert(1)"></textarea><b>'&"""


def is_text(page) -> bool:
    """Asserts that the page contains it, and that none of it is markup."""
    return "&lt;img src=x" in page.text and "<img src=x" not in page.text and "</textarea><b>" not in page.text


async def test_a_name_and_a_goal_are_text_on_the_partners_page(browser, two):
    await two.records.people.enrol([Profile(person_id="ben", name=f"Ben {MARKUP}", email="ben@example.org")])
    note = await two.records.notes.put(two.ref("ben"), two.mentorship, "goal", MARKUP)
    await two.say("ben", c.SetGoal(goal="g-1", note_id=note))
    for who in ("ana", "ben"):
        assert is_text(await browser.get(two.page(who)))


async def test_what_was_typed_is_text_when_a_form_comes_back(browser, http, two):
    refused = await http.post(two.page("ben", "set_goal"), data={"form": "none of ours", "text": MARKUP, "steps": MARKUP})
    assert (refused.status_code, is_text(refused)) == (403, True)
    kept = await browser.send(await browser.get(two.page("ben", "set_goal")), "/set_goal", text=MARKUP, steps="x" * 30_000)
    assert (kept.status_code, is_text(kept)) == (422, True)


async def test_a_certificate_says_a_name_as_text(http, certify):
    issued = await certify("ben", holder_name=f"Ben {MARKUP}", programme_title=f"Title {MARKUP}")
    assert is_text(await http.get(f"/c/{issued.id}"))
