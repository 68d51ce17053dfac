"""Whether each pair that starts has somebody who may look after it, and whom its two may turn to with a concern (H14, H16)."""

from __future__ import annotations

from collections.abc import Sequence

from mentorship.programme import Programme
from records.cohorts import Enrolment
from records.contacts import FEWEST
from records.coordination import closeness, coordinators, readers
from records.store import Records


async def without_help(records: Records, programme: Programme, pairs: Sequence[Enrolment]) -> list[str]:
    """A notice for the pairs whose lines nobody may see, and one for those without two contacts, or without one outside the team.

    Members of a pair, and people in a reporting line with one, cannot be asked and see nothing of that pair.
    """
    team = await coordinators(records, programme)
    outside = tuple((await records.people.refs(programme.contacts.outside)).values())
    standing_in = tuple(ref for ref in await readers(records, programme) if ref not in team)
    close = {ref: await closeness(records, ref, pairs) for ref in dict.fromkeys((*team, *standing_in, *outside))}

    def contacts(pair: Enrolment, raiser: str, partner: str) -> set[str]:
        able = {ref for ref, whom in close.items() if ref != raiser and partner not in whom[pair.mentorship]}
        asked = able & {*team, *outside}
        return asked if len(asked) >= FEWEST else able

    alone = [pair.pair_id for pair in pairs if all(close[ref][pair.mentorship] for ref in (*team, *standing_in))]
    short = [
        pair.pair_id
        for pair in pairs
        for asked in (contacts(pair, pair.mentor, pair.mentee), contacts(pair, pair.mentee, pair.mentor))
        if len(asked) < FEWEST or asked.isdisjoint(outside)
    ]
    return [
        *_notice("nobody of the programme's team may look after", alone),
        *_notice("fewer than two contacts, or none outside the team, would hear a concern of", list(dict.fromkeys(short))),
    ]


def _notice(what: str, pair_ids: Sequence[str]) -> list[str]:
    more = f" and {len(pair_ids) - 5} more" if len(pair_ids) > 5 else ""
    return [f"notice: {what} {', '.join(pair_ids[:5])}{more}; see contacts and reporting lines"] if pair_ids else []
