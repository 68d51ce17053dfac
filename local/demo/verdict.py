"""What the demo expects, each as a question with its answer: first the pairs' outcomes, then what must be true of all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from certificates.issuer import Issuer
from certificates.verify import verify_file
from local.demo.door import Door
from local.demo.evidence import Evidence, PairEvidence, troubles
from local.demo.personas import LATEST


@dataclass(frozen=True)
class Finding:
    """`why` says what was found instead; it is empty if all is as expected."""

    expectation: str
    holds: bool
    why: str = ""


@dataclass(frozen=True)
class Expected:
    phase: str
    done: int
    rung: int
    certificates: int
    ended: str | None
    story: str

    def matches(self, card: dict[str, Any]) -> bool:
        found = (card.get("phase"), card.get("milestones_done"), card.get("ladder_rung"), len(card.get("certificates") or ()), card.get("ended"))
        return found == (self.phase, self.done, self.rung, self.certificates, self.ended) and card.get("milestones_total") == TOTAL


TOTAL = 10

EXPECTED = {
    "cancels-late": Expected("completed", 9, 2, 2, None, "three late cancellations: a private word, then the coordinator; the certificate stays earned"),
    "disputes": Expected("completed", 9, 0, 2, None, "a disputed absence never counts; a milestone objected to needs both"),
    "ends-early": Expected("ended", 4, 0, 0, "by_pair", "one of the two wished it to end; below the share then"),
    "finishes": Expected("completed", 10, 0, 2, None, "everything, with a move, a cancellation in time and an extra conversation"),
    "just-enough": Expected("completed", 8, 0, 2, None, "exactly 80 %, the eighth reported within the grace"),
    "one-short": Expected("completed", 7, 0, 0, None, "one short: the eighth was done a moment after the end"),
    "pauses": Expected("completed", 10, 0, 2, None, "paused by the coordinator, extended because both asked"),
    "silent": Expected("completed", 0, 0, 0, None, "not a word from either: a line in the coordinator's list"),
}
"""By pair_id."""


def judge(evidence: Evidence, door: Door, issuer: Issuer, *, journal: tuple[int, str]) -> list[Finding]:
    """Every expectation. `journal` is the exit code of `mentorship journal verify` and its output."""
    findings = [
        *_outcomes(evidence),
        *_commands(evidence, door),
        *_outage(evidence),
        *_ladder(evidence),
        *_extension(evidence.pairs["pauses"]),
        *_certificates(evidence, issuer),
        *_engine(evidence),
    ]
    findings.append(Finding("the journal is whole: `mentorship journal verify`", journal[0] == 0, journal[1].strip() if journal[0] else ""))
    return findings


def too_slow(findings: list[Finding], behind: float) -> str | None:
    """Why the findings prove nothing: people who act too late meet other rules, and that is no fault of the service.

    If everything came out as expected in spite of that, the run is proof.
    """
    if behind <= LATEST or all(finding.holds for finding in findings):
        return None
    return f"this machine was too slow: {behind:.1f} s behind; this run proves nothing: try again when it is less busy"


def _outcomes(evidence: Evidence) -> Iterator[Finding]:
    yield _is("the pairs of the cohort", sorted(evidence.pairs), sorted(EXPECTED))
    for pair_id, expected in EXPECTED.items():
        card = evidence.pairs[pair_id].card if pair_id in evidence.pairs else {}
        yield Finding(f"{pair_id}: {expected.story}", expected.matches(card), f"found {card}")


def _commands(evidence: Evidence, door: Door) -> Iterator[Finding]:
    counts = evidence.statuses()
    sent = len(door.sent)
    yield _is("every command that was acknowledged has a receipt: sent = applied + refused", counts["accepted"] + counts["refused"], sent)
    refused = {message: receipt.get("reason") for message, receipt in evidence.receipts.items() if receipt["status"] == "refused"}
    yield _is("refused is what breaks a rule, and nothing else", refused, {sent.message_id: sent.expected for sent in door.sent.values() if sent.expected})
    rows = [entry.message_id for pair in evidence.pairs.values() for entry in pair.journal if entry.kind == "command" and entry.message_id in door.sent]
    yield Finding(f"applied once: {door.repeats} repeats changed nothing", len(rows) == sent and door.repeats > 0, f"{len(rows)} rows for {sent} commands")
    yield _is("what comes after the end is told so (409)", door.refused_at_the_door, [("ends-early", "report_meeting", 409)])


def _outage(evidence: Evidence) -> Iterator[Finding]:
    kept = [message for message in evidence.without_worker if evidence.receipts[message]["status"] in ("accepted", "refused")]
    number = len(evidence.without_worker)
    yield Finding(f"{number} commands were taken while no worker lived, and none is lost (P5)", len(kept) == number > 0, f"{len(kept)} of {number}")
    late = [entry.body for entry in evidence.pairs["finishes"].events("meeting_cancelled")]
    yield _is("the outage made nobody late: cancelled in time, handled too late (P5)", [body.get("late") for body in late], [False])


def _ladder(evidence: Evidence) -> Iterator[Finding]:
    pair = evidence.pairs["cancels-late"]
    steps = [(entry.body.get("side"), entry.body.get("rung"), entry.body.get("do")) for entry in pair.events("ladder_climbed")]
    yield _is("the ladder, once a rung (H14)", steps, [("mentee", 1, "nudge"), ("mentee", 2, "coordinator")])
    told = _sent(pair, "mentee", "nudge", "coordinator_told")
    yield _is("who cancelled hears of both rungs", told, ["coordinator_told", "nudge"])
    yield _is("the partner hears of none", _sent(pair, "mentor", "nudge", "coordinator_told"), [])
    yield _is("the coordinator hears once", [notice.kind for notice in evidence.coordinator if notice.kind == "case" and notice.state == "sent"], ["case"])
    claims = evidence.pairs["disputes"]
    yield _is("a disputed absence is kept as disputed", (len(claims.events("absence_disputed")), len(claims.events("absence_stood"))), (1, 0))


def _extension(pair: PairEvidence) -> Iterator[Finding]:
    names = [entry.name for entry in pair.journal if entry.name in ("paused", "resumed", "extended", "plan_applied")]
    yield _is("a pause and an extension, each planned anew (P6)", names, ["paused", "resumed", "plan_applied", "extended", "plan_applied"])


def _certificates(evidence: Evidence, issuer: Issuer) -> Iterator[Finding]:
    wrong: list[str] = []
    count = 0
    for pair_id, pair in evidence.pairs.items():
        people = {pair.enrolment.mentor: pair.people["mentor"], pair.enrolment.mentee: pair.people["mentee"]}
        holders = sorted(certificate.person for certificate, _, _ in pair.certificates)
        if holders not in ([], sorted(people)):
            wrong.append(f"{pair_id}: not one for each of the two")
        for certificate, credential, pdf in pair.certificates:
            count += 1
            name = people[certificate.person].name
            for data in (credential.encode(), pdf):
                verdict = verify_file(data, trust=issuer.trust(), name=name)
                if not verdict.valid:
                    wrong.append(f"{pair_id}: {verdict.state} {' '.join(verdict.reasons)}")
    yield Finding(f"{count} certificates, one for each or none, verified without us (H7, P4)", not wrong and count > 0, "; ".join(wrong))


def _engine(evidence: Evidence) -> Iterator[Finding]:
    histories = [evidence.cohort, *(pair.history for pair in evidence.pairs.values())]
    found = {history.workflow_id: trouble for history in histories if (trouble := troubles(history))}
    yield _is("every workflow completed, and no workflow task ever failed", found, {})
    names = {profile.name for pair in evidence.pairs.values() for profile in pair.people.values()}
    words = [*names, *(f"{name.split()[0].lower()}@example.org" for name in names), "Speak up in the design review", "You listened until"]
    events = [event.SerializeToString() for history in histories for event in history.events]
    seen = sorted(word for word in words if any(word.encode() in event for event in events))
    yield _is("no name, no address and no word of anybody stands in Temporal (H12)", seen, [])


def _sent(pair: PairEvidence, side: str, *kinds: str) -> list[str]:
    return sorted(notice.kind for notice in pair.notices[side] if notice.kind in kinds and notice.state == "sent")


def _is(expectation: str, found: object, expected: object) -> Finding:
    return Finding(expectation, found == expected, "" if found == expected else f"expected {expected}, found {found}")
