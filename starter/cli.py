"""The operators' command line: `mentorship …`, or `python -m starter …`."""

from __future__ import annotations

import logging
from importlib.metadata import version
from typing import Annotated

import typer

from starter.answer import REFUSED, USAGE, Misused, Refused, answer, aside, wants_json
from starter.on_demand import on_demand

app = typer.Typer(name="mentorship", no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)


def _group(name: str, help_: str) -> typer.Typer:
    group = typer.Typer(no_args_is_help=True, help=help_)
    app.add_typer(group, name=name)
    return group


on_demand(
    app,
    {
        "starter.mentorship:show": "How one pair stands: from its workflow, or from records when no worker answers.",
        "starter.mentorship:pause": "Pauses a pair: its meetings to come are dropped, and the end moves by the pause's length.",
        "starter.mentorship:resume": "Ends a pause; the meetings are planned again.",
        "starter.mentorship:extend": "Gives a pair more time and meetings; no milestones.",
        "starter.mentorship:end": "Ends a mentorship before its time.",
        "starter.mentorship:waive": "Counts a milestone as done, and shows it as waived.",
        "starter.mentorship:resolve": "Closes a line in the coordinators' list.",
        "starter.revive:revive": "Starts mentorships again from their journals: those that are gone from Temporal, and those that differ from their journals.",
        "starter.cases:cases": "Which pairs need a person, oldest first, whether somebody took it, and what came of it.",
        "starter.doctor:doctor": "Looks at keys, records, Temporal, every enrolled pair, every cohort and every open case. Exit 1 when something is wrong.",
    },
)
on_demand(
    _group("programme", "Programme files."),
    {
        "starter.programme:check": "Says everything that is wrong with a programme file. Needs no server.",
    },
)
on_demand(
    _group("cohort", "Cohorts."),
    {
        "starter.cohort:start": "Starts a cohort, or what is new in it. Nothing starts until every file is free of faults.",
        "starter.cohort_status:status": "How every pair of a cohort stands, from records.",
        "starter.pairing:pair": "Pairs mentors and mentees: as many people as can be, then the best fit. The same files give the same pairs.",
        "starter.what_if:what_if": "Which pairs would come out differently under another programme, and because of which of its keys.",
        "starter.report:report": "Figures of a cohort, counted from its journals. Groups under five are not shown.",
        "starter.rehearsal:rehearse": "Plays a whole cohort through: mails per person, load per coordinator, certificates. Writes to nobody, needs no server.",
        "starter.rematch:rematch": "Gives a mentee another mentor, with the milestones earned so far. The old pair is ended if it still runs.",
    },
)
on_demand(
    _group("certificate", "Certificates."),
    {
        "starter.certificate_issuer:issuer": "Who signs: the DID, its keys, and where strangers look for them.",
        "starter.certificate_issuer:rotate_key": "Adds a key that signs from the next start of web hook and worker on. Older ones stay, so that what they signed verifies.",
        "starter.certificate_verify:verify": "Whether a certificate is genuine, unaltered and not revoked, and why its issuer is believed. Needs no server of ours.",
        "starter.certificate:revoke": "Revokes a certificate for good; its page and the list of revocations say so from now on.",
        "starter.certificate:reissue": "Has a new certificate made after a change of name in the people file, which supersedes the old one and is mailed to its holder.",
    },
)
on_demand(
    _group("person", "What is held about one person."),
    {
        "starter.person:export": "What is held about a person, as JSON, without what is theirs alone: they download the whole themselves, from their own page.",
        "starter.person:erase": "Erases a person for good: their key is deleted, and with it everything that only it could open. There is no way back.",
    },
)
on_demand(
    _group("journal", "The tamper-evident journal."),
    {
        "starter.journal_refill:refill": "After an older copy of records was restored: writes the rows that it lacks and that Temporal's histories still have.",
        "starter.journal:verify": "Names every row that was altered, inserted, cut off or taken away, and every mentorship that is gone.",
    },
)
on_demand(
    _group("records", "Copies of records, and the end of keeping."),
    {
        "starter.records:backup": "Copies records, while everything runs, into FOLDER; Temporal's store first, so that records never lack what a workflow knows to be written.",
        "starter.records:restore": "Puts a backup where nothing is yet: move what is there away first, and stop everything.",
        "starter.records:sweep": "Deletes what is kept longer than its programme says: words, and later the journal. Every worker does it once a day by itself.",
    },
)
on_demand(
    _group("keys", "The keys that everything at rest is sealed with."),
    {
        "starter.keys:status": "Every key: how many rows of records, and how many running workflows, cannot be read without it.",
        "starter.keys:rotate": "Makes a new key the active one. Where processes are restarted one by one: `--prepare`, restart all, `rotate`, restart all.",
        "starter.keys:rewrap": "Seals with the active key what still lies under older ones. Safe while everything runs, once all of it has the active key.",
        "starter.keys:drop": "Deletes a key that nothing needs any more. Backups under it become unreadable, which may be what you want.",
    },
)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mentorship {version('mentorship')}")
        raise typer.Exit


@app.callback()
def options(
    *,
    _: Annotated[bool, typer.Option("--version", help="Which release this is.", callback=_say_version, is_eager=True)] = False,
) -> None:
    """Runs mentorship programmes: from the roster to the certificate."""
    root = logging.getLogger()
    root.handlers[:] = [_FirstLine()]
    root.setLevel(logging.WARNING)


class _FirstLine(logging.Handler):
    """Sets logging up at the first line. Most commands never log one, and loading it takes longer than they do."""

    def emit(self, record: logging.LogRecord) -> None:
        from gateway.logs import configure  # noqa: PLC0415 - see above

        configure(level="WARNING")
        logging.getLogger().handle(record)


def main() -> None:
    """Exit codes: 0 done; 1 refused, invalid or not applied; 2 wrong usage, or a file that is not there."""
    try:
        app()
    except Refused as error:
        if wants_json.get() and error.result is not None:
            answer(error.result, [], as_json=True)
        _fail(str(error), REFUSED)
    except Misused as error:
        _fail(str(error), USAGE)
    except UnicodeEncodeError:  # an argument came in another encoding, and nothing has such a name
        _fail("an argument is not text in UTF-8", USAGE)
    except OSError as error:
        _fail(f"{error.filename or 'a file'}: {error.strerror or type(error).__name__}", REFUSED)
    except Exception as error:
        from starter.out_of_order import explained  # noqa: PLC0415 - knows the errors of records and of Temporal, by loading both

        told = explained(error)
        if told is None:
            raise
        _fail(told, REFUSED)


def _fail(text: str, code: int) -> None:
    aside(text)
    raise SystemExit(code)
