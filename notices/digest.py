"""The mail to a coordinator: once a week which pairs need a person and how far the cohort is; at its close, how it went (P7)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr

from pydantic import BaseModel, ConfigDict

from notices.readers import Links, Reader, plain

LINES = {
    "cancellations_mentor": "late cancellations by the mentor: a short, friendly call to the mentor",
    "cancellations_mentee": "late cancellations by the mentee: a short, friendly call to the mentee",
    "not_held": "three planned meetings in a row did not happen: ask both what would help",
    "silence": "no word about two meetings in a row: ask whether they still meet",
    "no_meeting": "they have not met yet: offer to find the first slot with them",
    "rematch": "still no first meeting: offer both a new match",
}


class DigestLine(BaseModel):
    """One pair that needs a person: why, as a code of the list, never a reason somebody gave (H14)."""

    model_config = ConfigDict(frozen=True)

    pair: str
    names: tuple[str, ...]
    line: str
    since: datetime


class DigestFacts(BaseModel):
    model_config = ConfigDict(frozen=True)

    cohort: str
    programme: str
    at: datetime
    closing: bool
    running: int
    over: int
    certified: int
    meetings_held: int
    lines: tuple[DigestLine, ...]


def compose_digest(facts: DigestFacts, *, reader: Reader, links: Links, key: str, sender: str) -> EmailMessage:
    """Deterministic: the same facts give the same mail. Raises NoAddress when the reader has none."""
    name, address = parseaddr(sender)
    digest = hashlib.sha256(f"{key}\0{reader.ref}".encode()).hexdigest()[:32]
    message = EmailMessage(SMTP)
    message["From"] = Address(plain(name), addr_spec=address)
    message["To"] = Address(reader.name, addr_spec=reader.address)
    message["Subject"] = plain(f"{facts.programme}: how the cohort went") if facts.closing else plain(f"{facts.programme}: your pairs this week")
    message["Date"] = facts.at.astimezone(UTC)
    message["Message-ID"] = f"<{digest}@{address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n".join(_text(facts, reader, links)) + "\n")
    return message


def _text(facts: DigestFacts, reader: Reader, links: Links) -> list[str]:
    lines = [f"Hello {reader.name},", ""]
    if facts.closing:
        lines += [
            f"The cohort {facts.cohort} is over. {facts.over} pairs took part, held {facts.meetings_held} meetings,",
            f"and {facts.certified} of them earned their certificates.",
        ]
    else:
        lines.append(f"{facts.running} pairs are running, {facts.over} are over, {facts.meetings_held} meetings were held so far.")
    lines.append("")
    if facts.lines:
        lines.append("These pairs need a person:")
        lines += [f"- {line.pair} ({', '.join(line.names)}), since {line.since:%Y-%m-%d}: {LINES.get(line.line, line.line)}" for line in facts.lines]
    else:
        lines.append("No pair needs a person right now.")
    return [*lines, "", f"Your list: {links.page}"]
