"""`mentorship person export|erase ID`: what is held about somebody, and its end (P8)."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.settings import Settings
from mentorship.commands import End
from records.cohorts import Enrolment
from records.errors import Begun, Erased, UnknownPerson
from records.held import Held, held
from records.journal_events import journalled
from records.store import Records
from starter.answer import Json, Refused, answer, answer_only, aside
from starter.mentorship import By
from starter.operator_update import in_words, send
from starter.reach import login, open_records, reach_temporal, refuse_without_key
from starter.recheck import listed

_OPAQUE = re.compile(r"p-[a-z0-9]{16}")

Person = Annotated[str, typer.Argument(metavar="ID", help="The person_id of the people file, or the opaque id (p-…).")]


def export(
    person: Person,
    out: Annotated[Path | None, typer.Option(help="Write it to this new file, for you only, instead of showing it.")] = None,
    json: Json = False,
) -> None:
    """What is held about a person, as JSON, without what is theirs alone: they download the whole themselves, from their own page."""
    asyncio.run(_export(person, out, json))


def erase(
    person: Person,
    end: Annotated[bool, typer.Option("--end", help="End the person's running mentorships first; their partners hear that they stepped away.")] = False,
    by: By = None,
    json: Json = False,
) -> None:
    """Erases a person for good: their key is deleted, and with it everything that only it could open. There is no way back."""
    asyncio.run(_erase(person, end, by or login(), json))


async def _export(person: str, out: Path | None, as_json: bool) -> None:
    settings = Settings.load()
    async with open_records(settings) as records:
        found = await held(records, await _ref(records, person), "operators", datetime.now(UTC))
    if out is None:
        answer_only(found.model_dump(mode="json"), [found.model_dump_json(indent=2)], as_json=as_json)
    else:
        _write(out, found)
        answer({"person": found.person, "out": str(out)}, [f"written to {out}: delete it once the person has it"], as_json=as_json)
    _tell_withheld(found, settings)


def _tell_withheld(found: Held, settings: Settings) -> None:
    """Tells the operator how much was left out that they may not read, and how the person gets it (H12)."""
    texts, facts = found.withheld.texts, found.withheld.facts
    if texts or facts:
        aside(f"notice: left out, since only the person may read it: texts that they wrote ({texts}), lines about what is theirs alone ({facts})")
        aside(f"notice: the person downloads the whole from their own page; {settings.base_url}/new-link mails them the way to it")


async def _erase(person: str, end: bool, by: str, as_json: bool) -> None:
    settings = Settings.load()
    async with open_records(settings) as records:
        ref = await _ref(records, person)
        pairs = await records.cohorts.of_person(ref)
        begun = [pair for pair in pairs if await _is_running(records, pair)]
        ahead = [pair for pair in pairs if pair.state == "pending" and pair not in begun]
        closing = [pair for pair in begun if await _is_closing(records, pair)]
        running = [pair for pair in begun if pair not in closing]
        if running and not end:
            then = "nothing was erased: end these first, so that a certificate that is earned by now still goes out, or use --end"
            raise _not_erased(ref, running, "is running", then)
        await _refuse_unfinished(records, ref, closing)
        duties = await _duties(records, ref)
        if running:
            await _end(settings, running, ref, await records.people.operator(by))
        again = await _is_erased(records, ref)
        ended = {pair.mentorship for pair in (*running, *closing)}
        try:
            await records.people.erase(ref, ended=ended)
        except Begun:
            begun = [pair for pair in await records.cohorts.of_person(ref) if pair.state == "started" and pair.mentorship not in ended]
            raise _not_erased(ref, begun, "began a moment ago", "nothing was erased: do the same again") from None
        certificates = await records.certificates.of_person(ref)
    for pair in ahead:
        aside(f"notice: {pair.pair_id} of {pair.cohort} had not started, and never will; the other of the two was told nothing, and has no pair there now")
    for cohort, duty in duties:
        aside(f"notice: cohort {cohort} names this person as {duty}; give its programme a new version that names somebody else")
    result = {
        "person": ref,
        "erased": True,
        "again": again,
        "ended": listed(running),
        "never_started": listed(ahead),
        "certificates": [{"certificate": one.id, "status": one.status} for one in certificates],
        "still_named": [{"cohort": cohort, "as": duty} for cohort, duty in duties],
    }
    answer(result, _lines(result), as_json=as_json)


async def _refuse_unfinished(records: Records, ref: str, closing: list[Enrolment]) -> None:
    """Refuses if some pairs past their end must wait. They cannot be ended, so the others would be ended for nothing."""
    waiting = [pair for pair in closing if pair.state == "pending"]
    if waiting:  # nobody can be told of its end before it runs, and this person may still have something to hear
        how = "waits to be started again from its journal"
        raise _not_erased(ref, waiting, how, "nothing was ended and nothing erased: try again once it runs")
    untold = [pair for pair in closing if not await _has_result(records, pair, ref)]
    if untold:
        how = "has come to its end, and this person was not told yet what came of it"
        raise _not_erased(ref, untold, how, "nothing was ended and nothing erased: try again once reports have closed and the result went out")


def _not_erased(ref: str, pairs: list[Enrolment], how: str, then: str) -> Refused:
    """The refusal because of these pairs: how each of them stands, and what to do then."""
    told = {"person": ref, "erased": False, "running": listed(pairs)}
    return Refused(*(f"{pair.pair_id} of {pair.cohort} {how}" for pair in pairs), then, result=told)


def _lines(result: dict[str, Any]) -> list[str]:
    lines = [f"{pair['pair_id']} of {pair['cohort']}: ended" for pair in result["ended"]]
    lines.append(f"{result['person']}: {'was erased already' if result['again'] else 'erased'}")
    valid = [one["certificate"] for one in result["certificates"] if one["status"] == "valid"]
    if valid:
        lines.append(f"still valid, without a name or a document: {', '.join(valid)}; `mentorship certificate revoke` ends that")
    lines.append("backups made before still hold the key, sealed: keep this id with your keys, and erase it again after a restore")
    return lines


async def _ref(records: Records, person: str) -> str:
    """The opaque id. Raises Refused if there is no such person."""
    found = await records.people.ref(person)
    if found is None and _OPAQUE.fullmatch(person):
        try:
            await records.people.whole(person)
        except Erased:
            return person
        except UnknownPerson:
            found = None
        else:
            return person
    if found is None:
        await refuse_without_key(records)
        raise Refused(f"there is no person {person}")
    return found


async def _is_erased(records: Records, ref: str) -> bool:
    return ref not in await records.people.profiles([ref])


async def _is_running(records: Records, pair: Enrolment) -> bool:
    """Whether it is started and not over, or about to be started again from its journal."""
    return pair.state == "started" or (pair.state == "pending" and await records.journal.head(pair.mentorship) is not None)


async def _is_closing(records: Records, pair: Enrolment) -> bool:
    state = await journalled(records.journal, pair.mentorship)
    return state is not None and (state.closing or state.decided is not None)


async def _has_result(records: Records, pair: Enrolment, ref: str) -> bool:
    """For a pair past its end: whether the mail with this person's certificate, or about what was missing, was sent or decided not to be sent.
    After it only a survey is left, which nobody has to answer and which does not hold up an erasure.
    """
    results = [mail for mail in await records.notices.of(ref) if mail.kind == "result" and mail.key.startswith(f"{pair.mentorship}/")]
    return any(mail.state != "intended" for mail in results)


async def _duties(records: Records, ref: str) -> list[tuple[str, str]]:
    """The cohorts that are not over and name this person, and as what."""
    person_ids = {profile.person_id for profile in (await records.people.profiles([ref])).values()}
    found: list[tuple[str, str]] = []
    for cohort in await records.cohorts.all():
        counts = await records.cohorts.counts(cohort.id)
        if not counts["pending"] and not counts["started"]:
            continue
        contacts = (await records.programmes.get(cohort.programme, cohort.version)).contacts
        named = {"coordinator": contacts.coordinators, "owner": (contacts.owner,), "contact": contacts.outside}
        found += [(cohort.id, duty) for duty, who in named.items() if person_ids & set(who)]
    return found


async def _end(settings: Settings, running: list[Enrolment], ref: str, operator: str) -> None:
    """Raises Refused at the first pair that cannot be ended. Nothing is erased then, and the next try goes on where this one stopped."""
    client = await reach_temporal(settings)
    for pair in running:
        message = End(message_id=f"op-{secrets.token_hex(8)}", by=operator, at=datetime.now(UTC), reason="stepped_away", leaver=ref)
        outcome = await send(client, pair, message, settings.update_timeout)
        if outcome["outcome"] == "refused" and outcome["reason"] != "over":
            raise Refused(f"{pair.pair_id} of {pair.cohort} could not be ended: {in_words(outcome['reason'])}; nothing was erased", result=outcome)


def _write(path: Path, found: Held) -> None:
    """Writes the whole file or nothing: a file that was cut off would block the next try. Raises Refused."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(found.model_dump_json(indent=2) + "\n")
                file.flush()
                os.fsync(descriptor)
        except OSError:
            path.unlink()
            raise
    except OSError as error:
        raise Refused(f"--out: {path}: {error.strerror or 'cannot be written'}") from error
