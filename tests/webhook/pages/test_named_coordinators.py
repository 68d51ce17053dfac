"""Participants' pages name who looks after the programme (H16)."""

from __future__ import annotations

from mentorship import visibility
from records.people import Profile


async def test_the_page_names_who_looks_after_the_programme_and_leaves_out_who_left(http, two, says):
    """Mails send people to their coordinators, whom they find here."""
    coordinators = [
        Profile(person_id="e-1001", name="Ines Coordinator", email="ines@example.org", role="coordinator"),
        Profile(person_id="e-1002", name="Gil Gone", email="gil@example.org", role="coordinator", status="gone"),
    ]
    assert "Your coordinators" not in says(await http.get(two.page("ben"))), "nobody is in records yet"
    await two.records.people.enrol(coordinators)
    page = await http.get(two.page("ben"))
    assert "A line to one of them is enough." in says(page)
    assert "Ines Coordinator ines@example.org" in says(page)
    assert 'href="mailto:ines@example.org"' in page.text
    assert "Gil" not in page.text


async def test_a_participant_is_shown_a_coordinators_address_because_the_table_says_so(http, two, says, monkeypatch):
    await two.records.people.enrol([Profile(person_id="e-1001", name="Ines Coordinator", email="ines@example.org")])
    assert "The names and mail addresses of your coordinators yes yes" in says(await http.get("/who-sees-what"))
    assert "ines@example.org" in (await http.get(two.page("ben"))).text
    monkeypatch.setitem(visibility._TABLE, "coordinator_address", {})
    assert "Ines" not in (await http.get(two.page("ben"))).text


async def test_who_looks_after_the_cohort_now_stands_there_in_the_programmes_order(http, two, says):
    """A newer version of the programme may name others, also for pairs that began with an older one (P7)."""
    await two.records.people.enrol([Profile(person_id=name, name=name.title(), email=f"{name}@example.org") for name in ("abe", "zoe", "e-1001")])
    newer = two.programme.model_copy(
        update={
            "programme": two.programme.programme.model_copy(update={"version": 2}),
            "contacts": two.programme.contacts.model_copy(update={"coordinators": ("zoe", "abe")}),
        }
    )
    await two.records.programmes.put(newer)
    cohort = await two.records.cohorts.get(two.enrolment.cohort)
    await two.records.cohorts.put(cohort.model_copy(update={"version": 2, "texts_digest": newer.texts().digest}))
    shown = says(await http.get(two.page("ben")))
    assert "Zoe zoe@example.org Abe abe@example.org" in shown
    assert "e-1001@example.org" not in shown


async def test_who_looks_after_the_programme_stands_there_whoever_a_concern_is_about(http, two):
    """Nobody may conclude from a missing name that something was raised (H16)."""
    ana = await two.records.people.profile(two.ref("ana"))
    manager = Profile(person_id="e-1001", name="Ines Coordinator", email="ines@example.org", role="coordinator", manager_id=ana.person_id)
    await two.records.people.enrol([manager])
    for who in ("ana", "ben"):
        assert "Ines" in (await http.get(two.page(who))).text
