"""The operators' command line: `mentorship …`, or `python -m starter …`."""

from __future__ import annotations

import typer
from temporalio.service import RPCError

from gateway.connect import TemporalUnavailable
from gateway.keyring import KeyringUnusable
from gateway.logs import configure
from gateway.settings import SettingsInvalid
from records.errors import RecordsError, SchemaOutdated
from starter import (
    cases,
    certificate,
    cohort,
    doctor,
    journal,
    keys,
    mentorship,
    pairing,
    person,
    programme,
    records,
    rehearsal,
    rematch,
    report,
    revive,
    what_if,
)
from starter.answer import REFUSED, USAGE, Misused, Refused, answer, aside, wants_json

app = typer.Typer(name="mentorship", no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
app.add_typer(programme.app, name="programme")
app.add_typer(cohort.app, name="cohort")
cohort.app.command()(pairing.pair)
cohort.app.command()(what_if.what_if)
cohort.app.command()(report.report)
cohort.app.command()(rehearsal.rehearse)
cohort.app.command()(rematch.rematch)
mentorship.register(app)
app.command()(revive.revive)
app.command()(cases.cases)
app.add_typer(certificate.app, name="certificate")
app.add_typer(person.app, name="person")
app.add_typer(journal.app, name="journal")
app.add_typer(records.app, name="records")
app.add_typer(keys.app, name="keys")
app.command()(doctor.doctor)


@app.callback()
def options() -> None:
    """Runs mentorship programmes: from the roster to the certificate."""
    configure(level="WARNING")


def main() -> None:
    """Exit 0 done; 1 refused, invalid or not applied; 2 usage, or a file that is not there."""
    try:
        app()
    except Refused as error:
        if wants_json() and error.result is not None:
            answer(error.result, [], as_json=True)
        _fail(str(error), REFUSED)
    except Misused as error:
        _fail(str(error), USAGE)
    except (SettingsInvalid, KeyringUnusable, TemporalUnavailable) as error:
        _fail(str(error), REFUSED)
    except SchemaOutdated as error:
        _fail(f"{error}; `mentorship doctor --fix` brings them there", REFUSED)
    except RecordsError as error:
        _fail(f"records: {error}", REFUSED)
    except RPCError as error:
        _fail(f"Temporal: {error.status.name.lower().replace('_', ' ')}: {error.message}", REFUSED)
    except OSError as error:
        _fail(f"{error.filename or 'a file'}: {error.strerror or type(error).__name__}", REFUSED)


def _fail(text: str, code: int) -> None:
    aside(text)
    raise SystemExit(code)
