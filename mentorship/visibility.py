"""Who may see what: one table (H12). Doors and pages ask it, and the page that explains it is made from it.

A thing that is not in the table may be seen by nobody, so that something new is private until somebody decides otherwise.
"""

from __future__ import annotations

from typing import Literal, get_args

SMALLEST = 5
"""Groups smaller than this are never shown as a number, nor is anything that would give them away by a difference (H5, decision 16)."""

Viewer = Literal["own", "partner", "chosen", "coordinators", "owner", "operators", "temporal", "bearer", "everyone_else"]
"""Who looks. `own` is the person it is about or who wrote it. `chosen` is whoever a person picked for a concern: a coordinator, the owner
or somebody outside the programme; no office makes anybody it. `operators` run the service, `temporal` are those who look into
Temporal's UI and the logs, `bearer` is whoever is given a certificate's address, `everyone_else` includes managers."""

Thing = Literal[
    "name",
    "address",
    "coordinator_address",
    "people_file",
    "meetings",
    "slot_answers",
    "cancel_reasons",
    "late_count",
    "coordinator_told",
    "attendance",
    "expectations",
    "milestones",
    "goals",
    "feedback",
    "surveys",
    "pins",
    "end_wish",
    "stepped_away",
    "leave",
    "needs_a_person",
    "concern",
    "certificate",
    "certificate_results",
    "mails",
    "journal",
]

Sight = Literal["yes", "if_shared", "in_groups", "as_code", "as_number", "no"]
"""How much: all of it; only what the author shares; only for groups of five or more; as codes under opaque ids; as a count without names."""

VIEWERS: tuple[Viewer, ...] = get_args(Viewer)
THINGS: tuple[Thing, ...] = get_args(Thing)

_TABLE: dict[Thing, dict[Viewer, Sight]] = {
    # Names are in the two's mails and pages, in the coordinators' list, and in reports for which an operator asks for names.
    "name": {"own": "yes", "partner": "yes", "chosen": "yes", "coordinators": "yes", "operators": "yes", "bearer": "yes"},
    # Addresses are in the invitation to the two's meetings, so that they can write to each other, and beside a line of the coordinators'
    # list, which drafts a mail to whoever could use a hand. Nowhere else.
    "address": {"own": "yes", "partner": "yes", "coordinators": "yes"},
    # Who looks after a programme, with an address to write to: on the page of each participant, which is what `own` and `partner` are here.
    "coordinator_address": {"own": "yes", "partner": "yes", "coordinators": "yes"},
    # What else a people file and HR say: the company's ids, department, skills, language. Operators wrote it themselves.
    "people_file": {"own": "yes", "operators": "yes"},
    # When the two meet, and whether it took place, was moved or called off. Never what was said.
    "meetings": {"own": "yes", "partner": "yes", "coordinators": "as_number", "operators": "as_code", "temporal": "as_code"},
    "slot_answers": {"own": "yes", "partner": "yes", "operators": "as_code", "temporal": "as_code"},
    "cancel_reasons": {"own": "yes", "operators": "as_code", "temporal": "as_code"},
    "late_count": {"own": "yes", "operators": "as_code", "temporal": "as_code"},
    "coordinator_told": {"own": "yes", "coordinators": "yes", "owner": "as_number", "operators": "as_code", "temporal": "as_code"},
    # The partner reads what somebody says about their presence, and may say otherwise (H13).
    "attendance": {"own": "yes", "partner": "yes", "operators": "as_code", "temporal": "as_code"},
    "expectations": {"own": "yes", "operators": "as_code", "temporal": "as_code"},
    "milestones": {"own": "yes", "partner": "yes", "coordinators": "as_number", "owner": "as_number", "operators": "as_code", "temporal": "as_code"},
    # The two help each other with goals (H6), so both read them; nobody else does.
    "goals": {"own": "yes", "partner": "yes", "operators": "as_code", "temporal": "as_code"},
    "feedback": {"own": "yes", "partner": "if_shared", "operators": "as_code", "temporal": "as_code"},
    "surveys": {"own": "yes", "coordinators": "in_groups", "owner": "in_groups", "operators": "as_code", "temporal": "as_code"},
    "pins": {"own": "yes", "operators": "as_code", "temporal": "as_code"},
    "end_wish": {"own": "yes", "operators": "as_code", "temporal": "as_code"},
    # That somebody left the programme, which an operator notes. A wish to end stays with the person who had it (P6).
    "stepped_away": {"own": "yes", "partner": "yes", "coordinators": "yes", "operators": "as_code", "temporal": "as_code"},
    # What HR says about a leave. The partner hears of a pause; coordinators hear only of a leave that is longer than a pause may last.
    "leave": {"own": "yes", "coordinators": "yes", "operators": "as_code", "temporal": "as_code"},
    "needs_a_person": {"coordinators": "yes", "owner": "as_number", "operators": "as_code", "temporal": "as_code"},
    # A concern is apart from the mentorship: a case of its own, with those whom the raiser chose (H16). The owner hears how many wait for somebody.
    "concern": {"own": "yes", "chosen": "yes", "owner": "as_number"},
    # How many pairs earned theirs is in the coordinators' report at the close.
    "certificate": {"own": "yes", "coordinators": "as_number", "operators": "as_code", "temporal": "as_code", "bearer": "yes"},
    "certificate_results": {"own": "yes", "operators": "as_code", "bearer": "if_shared"},
    # Which mails somebody was sent and when, for those who run the mail server. The text of a mail is kept nowhere.
    "mails": {"own": "yes", "operators": "yes", "temporal": "as_code"},
    # The whole journal, which is both people's. A line that is one person's own follows what it is about (about.py).
    "journal": {"operators": "as_code", "temporal": "as_code"},
}


def sight(viewer: Viewer, thing: Thing) -> Sight:
    """How much of it this viewer may see; `no` for whatever the table does not say."""
    return _TABLE.get(thing, {}).get(viewer, "no")


def may_read(viewer: Viewer, thing: Thing, *, shared: bool = False) -> bool:
    """Whether the thing itself may be shown, in words. `shared` says whether its author shares it."""
    seen = sight(viewer, thing)
    return seen == "yes" or (seen == "if_shared" and shared)


def is_private(thing: Thing) -> bool:
    """Whether nobody but its author reads it unless they share it.

    Others see at most a code under an opaque id. What names the author to them must not contain the thing, not even as a code.
    """
    return not any(sight(viewer, thing) == "yes" for viewer in VIEWERS if viewer != "own")
