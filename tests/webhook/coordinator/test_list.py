"""The coordinators' list as a page (P7): what it shows, and to whom (H12, H14, H16)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from mentorship import visibility
from mentorship.people import Pair
from records import coordination
from records.cases import Case
from records.cohorts import Enrolment
from records.contacts import blind_to
from records.coordination import _counts, able, may_see, overview, visible
from records.people import Profile
from tests.webhook.browser import found_in


async def test_a_line_says_which_pair_why_since_when_and_one_next_step(browser, desk, says):
    await desk.open("no_meeting", 0, days=5)
    text = says(await browser.get(desk.address()))
    assert "Mia Brandt and Noor Haddad" in text
    assert "They have not had a first meeting yet. A next step: Help them to find a first date." in text
    assert "On the list since Wednesday 28 April. Nobody has taken it yet." in text


async def test_lines_stand_by_pair_the_oldest_first(browser, desk, says):
    await desk.open("silence", 0, days=1)
    await desk.open("not_held", 1, days=3)
    await desk.open("rematch", 2, days=9)
    await desk.open("not_held", 0, days=7)
    text = says(await browser.get(desk.address()))
    first, second, third = (text.index(name) for name in ("Priya Raman", "Mia Brandt", "Jonas Lindqvist"))
    assert first < second < third
    assert text.count("Mia Brandt and Noor Haddad") == 1


async def test_a_certificate_that_waits_for_a_font_has_its_sentence_and_closes_by_itself_only(browser, desk, says):
    for side in ("mentor", "mentee"):  # both names: still one matter
        await desk.open("unprintable", 2, side=side)
    page = await browser.get(desk.address())
    assert says(page).count("A certificate is waiting: one of its characters is in no font that is installed.") == 1
    page = await browser.line(page)
    assert "This line closes by itself" in says(page)
    assert "/close" not in page.text


async def test_the_cohorts_counts_stand_at_the_top_and_are_the_same_for_every_reader(browser, desk, says):
    """A number does not reveal who is hidden from whom."""
    for pair in range(4):
        await desk.card(pair)

    async def counts(who):
        return found_in(says(await browser.get(desk.address(who) + "?lang=en")), r"(Pairs on their way: .*? Milestones reached: \d+)")

    before = await counts("ana")
    await desk.hire(mia={"manager_id": "ana"})
    assert before == await counts("ana") == await counts("carl") == "Pairs on their way: 5 of 5; 0 done Meetings held: 284 Milestones reached: 148"


async def test_what_pairs_reached_is_told_only_where_it_is_no_single_pairs(browser, desk, says):
    """H5: if four still run, two looks at the list tell what one of them did in between; when all are over, nothing changes any more."""
    for pair in range(5):
        await desk.card(pair)

    async def told():
        return says(await browser.get(desk.address() + "?lang=en"))

    assert "Meetings held: 355 Milestones reached: 185" in await told()
    await desk.card(0, over=True)
    few = await told()
    assert "Pairs on their way: 4 of 5; 1 done" in few
    assert "Meetings held" not in few
    assert "Milestones reached" not in few
    for pair in range(1, 5):
        await desk.card(pair, over=True)
    assert "Meetings held: 355 Milestones reached: 185" in await told()


@pytest.mark.parametrize(("running", "over", "told"), [(4, 0, False), (5, 0, True), (4, 1, False), (1, 9, False), (5, 5, True), (0, 5, True), (0, 4, False)])
def test_numbers_of_what_pairs_reached_are_of_five_and_of_none_or_five_that_still_run(running, over, told):
    card = {"meetings_held": 3, "milestones_done": 2, "milestones_total": 4}
    states = ["started"] * running + ["over"] * over
    pairs = [Enrolment(cohort="spring", pair=f"{n}", pair_id=f"{n}", mentor="m", mentee="n", state=state, card=card) for n, state in enumerate(states)]
    found = _counts(pairs)
    assert (found.pairs, found.running, found.over) == (len(pairs), running, over)
    reached = (found.meetings_held, found.milestones_done, found.milestones_total)
    assert reached == ((3 * len(pairs), 2 * len(pairs), 4 * len(pairs)) if told else (None,) * 3)


# -- who sees what --------------------------------------------------------------------------------------------------------


async def test_no_reason_no_rung_and_no_pairs_numbers_stand_there(browser, desk, says):
    """H14: of the ladder a coordinator sees the top rung's line, and nothing of how it came about."""
    await desk.open("cancellations_mentee", 0)
    await desk.open("not_held", 1)
    for pair in range(4):
        await desk.card(pair)
    page = await browser.get(desk.address())
    line = await browser.line(page)
    for shown in (page, line):
        told = says(shown).replace("assess anybody's work", "")
        assert not re.search(r"\b(work|personal|technical|illness|rung|ladder|late|71|37|rematch)\b", told)
        assert not any(hidden in shown.text for pair in desk.pairs for hidden in (pair.pair_id, pair.mentorship, pair.mentor, pair.mentee))


@pytest.mark.parametrize(
    "change", [{"mia": {"manager_id": "ana"}}, {"ana": {"manager_id": "noor"}}, {"noor": {"manager_id": "max"}, "max": {"manager_id": "ana"}}]
)
async def test_who_is_close_to_a_pair_never_sees_its_lines(browser, desk, change, says):
    """H16: neither on the list, nor on the line's own page, nor by a form made before, nor among the closed ones."""
    await desk.open("silence", 0)
    page = await browser.get(desk.address())
    line = await browser.line(page)
    await desk.hire(**change)
    assert "Mia" not in says(await browser.get(desk.address()))
    assert (await browser.get(str(line.request.url))).status_code == 404
    assert (await browser.send(line, "/take", follow=False)).status_code == 404
    await desk.records.lines.settle(desk.pairs[0].mentorship, "silence", desk.refs["carl"], "talked", desk.clock.now)
    assert "Mia" not in says(await browser.get(desk.address() + "?show=closed"))
    assert "Mia" in says(await browser.get(desk.address("carl") + "?show=closed"))


async def test_whom_a_concern_is_about_never_sees_the_pairs_lines_and_neither_does_their_line(browser, desk, says):
    await desk.open("silence", 0)
    await desk.open("silence", 1)
    pair = desk.pairs[0]
    concern = Case(id="", raiser=pair.mentee, mentorship=pair.mentorship, programme="p", subject=desk.refs["ana"], contacts=(), opened_at=desk.clock.now)
    await desk.records.cases.open(concern, "words", "form")
    assert ["Mia" in says(await browser.get(desk.address(who))) for who in ("ana", "carl")] == [False, True]
    assert "Jonas" in says(await browser.get(desk.address()))


async def test_the_table_decides_whether_a_rung_stands_in_the_list(desk, monkeypatch):
    """H12: the table has a row of its own for the fact that somebody's cancellations were reported."""
    await desk.open("cancellations_mentor", 0)
    await desk.open("silence", 0)

    async def stands() -> set[str]:
        seen = await overview(desk.records, "spring", desk.refs["ana"], desk.clock.now)
        assert seen is not None
        return {entry.line.line for entry in seen.entries}

    assert await stands() == {"cancellations_mentor", "silence"}
    monkeypatch.setitem(visibility._TABLE, "coordinator_told", {**visibility._TABLE["coordinator_told"], "coordinators": "no"})
    assert await stands() == {"silence"}


async def test_many_pairs_at_once_are_judged_like_one(desk):
    """For speed the list asks the other way round, and must come to the same result."""
    await desk.hire(mia={"manager_id": "ana"}, aylin={"manager_id": "max"}, max={"manager_id": "carl"}, sofia={"manager_id": "lee"})
    await desk.records.people.enrol([Profile(person_id="outsider", name="O", email="o@example.org")])
    for who in ("ana", "carl", "lee", "sam", "max", "mia"):
        seen = await visible(desk.records, desk.refs[who], desk.pairs)
        alone = {
            pair.mentorship
            for pair in desk.pairs
            if not await blind_to(desk.records, pair.mentorship, Pair(mentor=pair.mentor, mentee=pair.mentee), [desk.refs[who]])
        }
        assert seen == alone, who


async def test_where_no_coordinator_may_the_owner_looks_after_a_pair_and_nobody_where_they_left_or_are_close(desk):
    """H14, H16: Ana is above one of the first pair, and Carl above the other."""
    pair, other = desk.pairs[0], desk.pairs[1]

    async def who_may(one) -> set[str]:
        found = await able(desk.records, desk.programme, one.mentorship, Pair(mentor=one.mentor, mentee=one.mentee))
        return {name for name, ref in desk.refs.items() if ref in found}

    async def the_owner_sees() -> frozenset[str] | None:
        return await may_see(desk.records, desk.programme, desk.refs["lee"], desk.pairs)

    assert (await who_may(pair), await the_owner_sees()) == ({"ana", "carl"}, None)
    await desk.hire(mia={"manager_id": "ana"})
    assert (await who_may(pair), await the_owner_sees()) == ({"carl"}, None)
    await desk.hire(noor={"manager_id": "carl"})
    assert (await who_may(pair), await the_owner_sees()) == ({"lee"}, frozenset({pair.mentorship}))
    assert await who_may(other) == {"ana", "carl"}
    assert [await may_see(desk.records, desk.programme, desk.refs[name], desk.pairs) for name in ("sam", "mia")] == [None, None]
    await desk.hire(carl={"manager_id": "lee"})
    assert (await who_may(pair), await the_owner_sees()) == (set(), None), "Lee stands above Noor, too"
    await desk.hire(carl={"manager_id": None}, lee={"status": "gone"})
    assert (await who_may(pair), await the_owner_sees()) == (set(), None)


# -- the page -------------------------------------------------------------------------------------------------------------


async def test_the_page_keeps_to_itself(browser, desk):
    page = await browser.get(desk.address())
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<script" not in page.text


async def test_a_fault_of_ours_is_a_page_that_repeats_nothing(browser, desk, monkeypatch, says):
    await desk.open("silence", 0)
    line = await browser.line(await browser.get(desk.address()))

    async def broken(*_args, **_more):
        raise ZeroDivisionError("what somebody wrote")

    monkeypatch.setattr(desk.records.lines, "all", broken)
    for answer in (await browser.get(desk.address()), await browser.send(line, "/take")):
        assert answer.status_code == 500
        assert "Something went wrong here" in says(answer)
        assert "what somebody wrote" not in answer.text


async def test_500_pairs_come_in_pages(browser, desk, says):
    roster = [Profile(person_id=f"x{n}", name=f"Person {n}", email=f"x{n}@example.org") for n in range(1000)]
    refs = await desk.records.people.enrol(roster)
    wanted = [(f"many-{n}", refs[f"x{2 * n}"], refs[f"x{2 * n + 1}"]) for n in range(500)]
    desk.pairs = list((await desk.records.cohorts.enrol_pairs("spring", wanted)).added)
    for n in range(45):
        await desk.records.lines.open(desk.pairs[n].mentorship, "silence", None, desk.clock.now - timedelta(days=60 - n), f"m-{n}")
    first = await browser.get(desk.address())
    assert "Waiting for somebody (45)" in says(first)
    assert "Page 1 of 3" in says(first)
    assert says(first).count("A next step") == 20
    last = await browser.get(desk.address() + "?show=waiting&page=3")
    assert says(last).count("A next step") == 5
    assert "Person 88 and Person 89" in says(last)
    assert "No pair is waiting" in says(await browser.get(desk.address() + "?show=waiting&page=9"))
    assert "Page 1 of 3" in says(await browser.get(f"{desk.address()}?page={'9' * 5000}"))


@pytest.mark.parametrize(("lang", "direction", "sentence"), [("de", "ltr", "Ein nächster Schritt"), ("ar", "rtl", "خطوة تالية")])
async def test_a_chosen_language_stays_from_page_to_page(lang, direction, sentence, browser, desk, says):
    await desk.open("silence", 0)
    page = await browser.get(f"{desk.address()}?lang={lang}")
    assert f'<html lang="{lang}" dir="{direction}">' in page.text
    assert sentence in says(page)
    line = await browser.line(page)
    assert f'<html lang="{lang}"' in line.text
    assert f'<html lang="{lang}"' in (await browser.send(line, "/take")).text


async def test_without_a_choice_it_speaks_the_coordinators_language(browser, desk):
    assert '<html lang="de"' in (await browser.get(desk.address("carl"))).text


async def test_who_is_erased_while_their_list_is_put_together_has_none(desk, monkeypatch):
    """P8: no page, and no digest that is retried."""
    await desk.open("silence", 0)

    async def then_erased(records, programme, reader, pairs):
        found = await may_see(records, programme, reader, pairs)
        await records.people.erase(reader)
        return found

    monkeypatch.setattr(coordination, "may_see", then_erased)
    assert await overview(desk.records, "spring", desk.refs["ana"], desk.clock.now) is None
