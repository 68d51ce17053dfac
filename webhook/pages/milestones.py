"""The milestones as one reader's page shows them: what counts, what came too late, and what its reader may say.

All are listed, but only those that make up the reader's own share are counted (P6).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from mentorship.effects import MilestoneFacts, counting_for
from mentorship.people import Side, other
from mentorship.policy.milestones import certified, final_instant, milestone_facts, needed, one_sided, partner_may_object_until
from mentorship.programme import MeetingsHeld, Milestone
from mentorship.state import State
from webhook.pages.actions import is_open
from webhook.pages.reading import Known


@dataclass(frozen=True)
class MilestoneView:
    """`state` is done, waived, carried (brought along from an earlier pair), late (done, but after the end), waiting (one of two confirmed) or open.

    `fact` is what completes it without a report; `by` is whose report does, with an objection taken into account.
    """

    id: str
    title: str
    state: str
    when: str | None
    fact: str | None
    count: int
    by: str
    reported_by_partner: bool
    object_until: str | None
    may_record: bool
    may_object: bool


class Milestones:
    """Asked lazily by the template."""

    def __init__(self, known: Known, state: State) -> None:
        self._known = known
        self._state = state

    @cached_property
    def all(self) -> tuple[MilestoneView, ...]:
        facts = {fact.id: fact for fact in milestone_facts(self._state)}
        return tuple(self._view(rule, facts[rule.id]) for rule in self._known.texts.milestones if rule.id in facts)

    def by_id(self, identifier: str) -> MilestoneView | None:
        return next((milestone for milestone in self.all if milestone.id == identifier), None)

    @property
    def awaiting(self) -> tuple[MilestoneView, ...]:
        """Those that the partner reported and that count once the reader confirms them, too; not where the reader objected."""
        awaited = one_sided(self._state, self._known.side).awaits
        return tuple(milestone for milestone in self.all if milestone.id in awaited and milestone.may_record)

    def title(self, identifier: str) -> str:
        """Isolated from the page's own words, since it is in the programme's language."""
        title = next((rule.title for rule in self._known.texts.milestones if rule.id == identifier), identifier)
        return self._known.clock.language.isolated(title)

    @cached_property
    def _counted(self) -> tuple[MilestoneFacts, ...]:
        return counting_for(self._known.side, milestone_facts(self._state))

    @property
    def done(self) -> int:
        return sum(fact.done_at is not None for fact in self._counted)

    @property
    def total(self) -> int:
        """Zero for a mentor who joined when all was done."""
        return len(self._counted)

    @property
    def needed(self) -> int:
        return needed(self.total, self._state.rules.share)

    @property
    def apart(self) -> bool:
        """Whether the two have different counts, since something was done before they met."""
        return any(fact.carried for fact in milestone_facts(self._state))

    @cached_property
    def _enough(self) -> tuple[Side, ...]:
        """Who would be certified as things stand."""
        return certified(self._state, final_instant(self._state))

    @property
    def enough(self) -> bool:
        return self._known.side in self._enough

    @property
    def enough_for_partner(self) -> bool:
        return other(self._known.side) in self._enough

    def _view(self, rule: Milestone, fact: MilestoneFacts) -> MilestoneView:
        clock, me = self._known.clock, self._known.side
        known = self._state.milestones.get(rule.id)
        reporters = {confirmation.side for confirmation in known.confirmations} if known is not None else set()
        until = partner_may_object_until(self._state, rule.id, me, self._known.now)
        at = fact.done_at or fact.late_at
        return MilestoneView(
            id=rule.id,
            title=self.title(rule.id),
            state=_state(fact, reported=bool(reporters)),
            when=clock.when(at) if at is not None else None,
            fact="meetings_held" if isinstance(rule.when, MeetingsHeld) else rule.when,
            count=rule.when.meetings_held if isinstance(rule.when, MeetingsHeld) else 0,
            by="both" if known is not None and known.objected_by is not None else rule.by,
            reported_by_partner=other(me) in reporters,
            object_until=clock.until(until) if until is not None and until >= self._known.now else None,
            may_record=is_open(self._known, "record_milestone", rule.id),
            may_object=is_open(self._known, "object_to_milestone", rule.id),
        )


def _state(fact: MilestoneFacts, *, reported: bool) -> str:
    if fact.waived:
        return "waived"
    if fact.done_at is not None:
        return "carried" if fact.carried else "done"
    return "late" if fact.late_at is not None else "waiting" if reported else "open"
