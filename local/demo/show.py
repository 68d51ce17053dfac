"""What a person reads of a demo: its story while it runs; then the table of pairs, the mails, the verdict, and where to look."""

from __future__ import annotations

import re
import time
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from local.demo.evidence import Evidence
from local.demo.verdict import EXPECTED, Finding
from local.mail_catcher import caught
from local.place import Place
from local.ports import Ports
from local.service import addresses

_PAGES = {"p": "participant", "coordinator": "coordinator", "c": "certificate"}
_PAGE = re.compile(r"(?=http://[^/]+/(p|coordinator|c)/)(http://[^\s/]+/[a-z]+/[^\s/]+)(?!\S)")


class Show:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()

    def line(self, who: str, what: str) -> None:
        """One line of the story, with the seconds since its beginning."""
        self._console.print(Text.assemble((f"{time.monotonic() - self._began:5.1f} s  ", "dim"), (f"{who:<13}", "bold"), what))

    def table(self, evidence: Evidence) -> None:
        table = Table(title="What became of the pairs", title_justify="left", expand=False)
        for heading in ("pair", "phase", "milestones", "met", "rung", "certificates", "what happened"):
            table.add_column(heading, justify="right" if heading in ("milestones", "met", "rung", "certificates") else "left")
        for pair_id, pair in evidence.pairs.items():
            card = pair.card
            expected = EXPECTED.get(pair_id)
            story = "" if expected is None else expected.story if expected.matches(card) else "otherwise than it was played"
            done = f"{card.get('milestones_done')}/{card.get('milestones_total')}"
            cells = (card.get("phase"), done, card.get("meetings_held"), card.get("ladder_rung"), len(card.get("certificates") or ()))
            table.add_row(pair_id, *(str(cell) for cell in cells), story)
        self._console.print(table)

    def mails(self, place: Place) -> None:
        """How many mails each person got, and what the last one said."""
        per_person: Counter[str] = Counter()
        last: dict[str, tuple[str, Path]] = {}
        for path, mail in caught(place.mails):
            receiver = str(mail["To"])
            per_person[receiver] += 1
            last[receiver] = (str(mail["Subject"]), path)
        table = Table(title=f"{per_person.total()} mails", title_justify="left", expand=False)
        for heading in ("to", "mails", "the last one", "file"):
            table.add_column(heading, justify="right" if heading == "mails" else "left")
        for receiver, number in sorted(per_person.items()):
            subject, path = last[receiver]
            table.add_row(Text(receiver), str(number), Text(subject), path.name)
        self._console.print(table)

    def verdict(self, findings: list[Finding]) -> None:
        self._console.print(Text("Verdict", style="bold"))
        for finding in findings:
            mark = Text("  as expected   ", style="green") if finding.holds else Text("  NOT expected  ", style="bold red")
            self._console.print(mark + Text(finding.expectation), soft_wrap=True)
            if not finding.holds:
                self._console.print(Text(f"                {finding.why}", style="red"), soft_wrap=True)

    def commands(self, evidence: Evidence) -> None:
        outcome = evidence.outcome()
        self._console.print(
            f"{outcome['commands_sent']} commands sent = {outcome['commands_applied']} applied + {outcome['commands_refused']} refused; "
            f"{len(evidence.without_worker)} of them taken while no worker lived"
        )

    def left(self, place: Place) -> None:
        self._console.print(Text(f"What it left: {place.folder}/ (mails, certificates, histories, logs, outcome.json)"), soft_wrap=True)

    def addresses(self, place: Place, ports: Ports) -> None:
        """Where to look while the stack runs, with one page of each kind from the mails."""
        addresses(self._console, place, ports)
        found: dict[str, str] = {}
        for _, mail in caught(place.mails):
            body = mail.get_body(("plain",))
            found |= dict(_PAGE.findall(str(body.get_content()) if body is not None else ""))  # the newest of each kind
        self._console.print("\nPages, as the mails link them:")
        for kind, what in _PAGES.items():
            if kind in found:
                self._console.print(Text.assemble((f"{what:<13}", "bold"), found[kind]), soft_wrap=True)

    def say(self, text: str, *, good: bool | None = None) -> None:
        style = "" if good is None else "bold green" if good else "bold red"
        self._console.print(Text(text, style=style), soft_wrap=True)
