"""Milestones as a mail lists them: what became of each, and when, in the reader's zone (H7)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from mentorship.effects import MilestoneFacts
from mentorship.instant import Instant
from mentorship.programme import Milestone, Texts
from notices.language import Clock

MilestoneState = Literal["done", "waived", "carried", "late", "open", "unconfirmed", "unreached"]
"""`carried`: done with an earlier mentor. `late`: done after the end, so that it does not count. `open`: not reported by anybody. `unconfirmed`:
still needs the word of both, as after an objection. `unreached`: completed by facts, which are missing.
"""
COUNT: frozenset[MilestoneState] = frozenset({"done", "waived", "carried"})
_NEAR = timedelta(minutes=2)


@dataclass(frozen=True)
class MilestoneView:
    title: str
    state: MilestoneState
    when: str | None

    @property
    def counts(self) -> bool:
        return self.state in COUNT


class Milestones:
    """The milestones of one notice in words. `ends` is the end that they were judged by, if the notice tells it.

    `answered` and `awaits_reader` are those that one of the two reported, as in SendNotice.
    """

    def __init__(
        self,
        facts: Sequence[MilestoneFacts],
        texts: Texts,
        clock: Clock,
        ends: Instant | None,
        *,
        answered: Collection[str] = (),
        awaits_reader: Collection[str] = (),
    ) -> None:
        self._facts = tuple(facts)
        self._rules: dict[str, Milestone] = {milestone.id: milestone for milestone in texts.milestones}
        self._clock = clock
        self._ends = ends
        self._answered = answered
        self._awaits_reader = awaits_reader

    def listed(self) -> tuple[MilestoneView, ...]:
        return tuple(map(self._listed, self._facts))

    def _listed(self, facts: MilestoneFacts) -> MilestoneView:
        title = self.title(facts.id)
        if facts.waived:
            return MilestoneView(title, "waived", None)
        if facts.done_at is not None:
            return MilestoneView(title, "carried" if facts.carried else "done", self._clock.when(facts.done_at))
        if facts.late_at is not None:
            return MilestoneView(title, "late", self._beside_the_end(facts.late_at))
        return MilestoneView(title, self._missing(facts.id), None)

    def _missing(self, identifier: str) -> MilestoneState:
        if identifier in (*self._answered, *self._awaits_reader):
            return "unconfirmed"
        rule = self._rules.get(identifier)
        if rule is not None and rule.when is not None:
            return "unreached"
        return "unconfirmed" if rule is not None and rule.by == "both" else "open"

    def title(self, identifier: str) -> str:
        rule = self._rules.get(identifier)
        return self._clock.language.isolated(rule.title if rule is not None else identifier)

    def reportable(self, side: str) -> tuple[str, ...]:
        """Titles of those that this side can still report. The others are completed by facts, are the partner's to report, or were answered."""
        missing = (facts.id for facts in self._facts if facts.done_at is None and facts.late_at is None and not facts.waived)
        return tuple(self.title(name) for name in missing if self._is_to_report(name, side))

    def _is_to_report(self, identifier: str, side: str) -> bool:
        rule = self._rules.get(identifier)
        return rule is not None and rule.when is None and rule.by in ("either", "both", side) and identifier not in self._answered

    @property
    def apart(self) -> bool:
        """Whether the partner's count may differ: some were done before the two met, and a mentor's count is of what remained (P6)."""
        return any(facts.carried for facts in self._facts) or len(self._facts) < len(self._rules)

    @property
    def by_a_hair(self) -> bool:
        """Whether something came so shortly after the end that seconds are shown."""
        return any(self._close(facts.late_at) for facts in self._facts if facts.late_at is not None)

    def _close(self, instant: datetime) -> bool:
        return self._ends is not None and abs(instant - self._ends) < _NEAR

    def _beside_the_end(self, instant: datetime) -> str:
        """With seconds if it would otherwise read as the same minute as the end."""
        return self._clock.to_the_second(instant) if self._close(instant) else self._clock.when(instant)
