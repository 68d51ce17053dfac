"""The figures of a report, counted a second time in another way."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


class Rows:
    """The journal as SQL sees it, counted by hand, with none of the report's code and none of the core's."""

    def __init__(self, folder: Path) -> None:
        with contextlib.closing(sqlite3.connect(folder / "records.db")) as database, database:
            found = database.execute("select mentorship, seq, kind, name, at, by, outcome, body from journal order by mentorship, seq").fetchall()
            self.certificates = database.execute("select count(*) from certificates").fetchone()[0]
        self.rows = [(*row[:4], datetime.fromisoformat(row[4]).replace(tzinfo=UTC), *row[5:7], json.loads(row[7])) for row in found]
        self.mentorships = sorted({row[0] for row in self.rows})

    def events(self, *names: str) -> list[tuple[str, datetime, dict[str, Any]]]:
        return [(row[0], row[4], row[7]) for row in self.rows if row[2] == "event" and row[3] in names]

    def count(self, *names: str) -> int:
        return len(self.events(*names))

    def pairs(self, name: str, **body: Any) -> int:
        return len({mentorship for mentorship, _, known in self.events(name) if body.items() <= known.items()})

    def phase(self, mentorship: str) -> str:
        """The phase as the handbook defines it, from this pair's events alone."""
        names = [row[3] for row in self.rows if row[0] == mentorship and row[2] == "event"]
        if "mentorship_completed" in names:
            return "completed"
        if "mentorship_ended" in names:
            return "ended"
        if "end_reached" in names:
            return "closing"
        if names.count("paused") > names.count("resumed"):
            return "paused"
        met = {row[7].get("meeting") for row in self.rows if row[0] == mentorship and row[3] == "meeting_held"}
        met -= {row[7].get("meeting") for row in self.rows if row[0] == mentorship and row[3] == "meeting_unheld"}
        return "active" if met or "extra_meeting_reported" in names or names.count("expectations_confirmed") == 2 else "aligning"

    def stands(self, mentorship: str, line: str) -> bool:
        told = [row[3] for row in self.rows if row[0] == mentorship and row[3].startswith("attention_") and row[7].get("line") == line]
        return bool(told) and told[-1] == "attention_raised"

    def held(self) -> Counter[str]:
        """Meetings held by month: planned ones by their last start, extra ones by the instant reported."""
        starts: dict[tuple[str, int], str] = {}
        for mentorship, _, body in self.events("mentorship_started"):
            starts |= {(mentorship, number): slot["start"] for number, slot in enumerate(body["slots"], 1)}
        starts |= {(mentorship, body["meeting"]): body["slot"]["start"] for mentorship, _, body in self.events("meeting_moved")}
        planned = {(mentorship, body["meeting"]) for mentorship, _, body in self.events("meeting_held")}
        planned -= {(mentorship, body["meeting"]) for mentorship, _, body in self.events("meeting_unheld")}
        extra = {(mentorship, body["held_at"]) for mentorship, _, body in self.events("extra_meeting_reported")}
        return Counter([starts[key][:7] for key in planned] + [at[:7] for _, at in extra])

    def answers(self, item: str) -> list[int]:
        """Each person's first answer to this question, in whichever pair, in the order in which the answers came."""
        pairs = {mentorship: body["pair"] for mentorship, _, body in self.events("mentorship_started")}
        first: dict[str, int] = {}
        for mentorship, _, body in sorted(self.events("survey_answered"), key=lambda known: known[1]):
            if body["survey"] == "closing" and item in body["answers"]:
                first.setdefault(pairs[mentorship][body["side"]], body["answers"][item])
        return list(first.values())
