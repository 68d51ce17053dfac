"""The arithmetic of the journal's chain, and what an audit of it finds (P3). No database here.

Each row's MAC covers the MAC before it and everything that the row says. A sealed mentorship's last MAC is kept in a row of the
cohort's own chain. Somebody without the key can at most delete rows, and that shows.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from records.errors import UnknownKey
from records.sealing import Sealer
from records.value import Value

CHAIN = "journal"
"""What the MAC keys are derived for."""

Problem = Literal["altered", "missing", "inserted", "cut", "removed", "unsealed", "seal_altered", "unknown_key"]


class Head(Value):
    """The last row of a mentorship's journal, with `mac` in hex digits. Before the first row, `seq` is 0 and there is no MAC."""

    seq: int = 0
    mac: str = ""


class Finding(NamedTuple):
    """One thing that is wrong. `seq` is None if it concerns the whole mentorship.

    altered: a row says something else than was written.
    missing: a row between others is gone.
    inserted: a row that was never written.
    cut: the journal ends before its known head; rows from `seq` on are gone.
    removed: the whole journal is gone. If its closing row and with it the name are gone too, `mentorship` is the cohort's id and `seq` the closing
    row's number.
    unsealed: over for more than a day without a closing row, which was removed or is late.
    seal_altered: the closing row was changed, or the stub that a deleted journal left.
    unknown_key: cannot be judged without a key that the keyring lacks.
    """

    mentorship: str
    seq: int | None
    problem: Problem


KeyById = Callable[[str], bytes | None]


def keys_of(sealer: Sealer) -> KeyById:
    """The MAC keys by their ids; None for one that the keyring lacks."""

    def key(key_id: str) -> bytes | None:
        try:
            return sealer.key(CHAIN, key_id)
        except UnknownKey:
            return None

    return key


def canonical(value: Any) -> str:
    """JSON with sorted keys and without spaces, in ASCII, so that any text can be stored and hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def moment(at: datetime) -> str:
    """An instant as the MAC covers it, to the microsecond that both databases keep."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def mac(key: bytes, previous: str, content: Sequence[Any]) -> str:
    """HMAC-SHA256 over the previous MAC and what the row says; 64 hex digits."""
    return hmac.new(key, canonical([previous, *content]).encode(), hashlib.sha256).hexdigest()


def row_content(row: Any) -> list[Any]:
    """What a journal row says, with `body` as canonical JSON; also for what is to become a row."""
    at = moment(row.at)
    return ["row", row.mentorship, row.seq, at, row.kind, row.name, row.message_id, row.by, row.outcome, row.reason, row.body]


def seal_content(row: Any) -> list[Any]:
    return ["seal", row.cohort, row.number, row.mentorship, row.seq, row.head, moment(row.sealed_at)]


def stub_content(row: Any) -> list[Any]:
    """What remains of a journal whose time is over. No row follows its head, so only the key links it."""
    return ["stub", row.mentorship, row.seq, row.head, moment(row.swept_at)]


def audit_rows(mentorship: str, rows: Sequence[Any], key: KeyById, *, sealed: Head | None, known: Iterable[Head]) -> list[Finding]:
    """Findings in one mentorship's rows, which must be in order. `sealed` ends the journal; `known` are heads that it must have reached."""
    anchors = [head for head in (sealed, *known) if head is not None and head.seq]
    if not rows:
        return [Finding(mentorship, None, "removed")] if anchors else []
    found: dict[int, Problem] = {}
    furthest = max((head.seq for head in anchors), default=None)
    before, expected = "", 1
    for index, row in enumerate(rows):
        found |= dict.fromkeys(range(expected, row.seq), "missing")
        following = rows[index + 1].previous if index + 1 < len(rows) else None
        linked = row.previous == before or expected < row.seq
        secret = key(row.key_id)
        if sealed is not None and row.seq > sealed.seq:
            found[row.seq] = "inserted"
        elif secret is None:
            found[row.seq] = "unknown_key"
        elif not hmac.compare_digest(mac(secret, row.previous, row_content(row)), row.mac):
            beyond = row.seq > furthest if furthest is not None else not linked
            foreign = beyond if following is None else following == before  # the next row is not linked to this one
            found[row.seq] = "inserted" if foreign else "altered"
        elif not linked and expected - 1 not in found:
            found[row.seq] = "altered"
        before, expected = row.mac, row.seq + 1
    macs = {row.seq: row.mac for row in rows}
    for head in anchors:
        if head.seq >= expected:
            found.setdefault(expected, "cut")
        elif head.seq in macs and macs[head.seq] != head.mac:
            found.setdefault(head.seq, "altered")
    return [Finding(mentorship, seq, found[seq]) for seq in sorted(found)]


def audit_seals(cohort: str, seals: Sequence[Any], key: KeyById) -> tuple[dict[str, Head], list[Finding]]:
    """The heads that a cohort's closing rows confirm, and findings in those rows, which must be in order."""
    heads: dict[str, Head] = {}
    found: list[Finding] = []
    before, expected = "", 1
    for row in seals:
        found += [Finding(f"cohort.{cohort}", number, "removed") for number in range(expected, row.number)]
        linked = row.previous == before or expected < row.number
        secret = key(row.key_id)
        if secret is None:
            found.append(Finding(row.mentorship, None, "unknown_key"))
        elif linked and hmac.compare_digest(mac(secret, row.previous, seal_content(row)), row.mac):
            heads[row.mentorship] = Head(seq=row.seq, mac=row.head)
        else:
            found.append(Finding(row.mentorship, None, "seal_altered"))
        before, expected = row.mac, row.number + 1
    return heads, found


def audit_stubs(stubs: Iterable[Any], sealed: Mapping[str, Head], key: KeyById) -> tuple[set[str], list[Finding]]:
    """The mentorships whose rows were rightly deleted, and findings in the stubs. `sealed` are the heads that the closing rows confirm."""
    swept: set[str] = set()
    found: list[Finding] = []
    for row in stubs:
        secret = key(row.key_id)
        if secret is None:
            found.append(Finding(row.mentorship, None, "unknown_key"))
        elif sealed.get(row.mentorship) == Head(seq=row.seq, mac=row.head) and hmac.compare_digest(mac(secret, row.head, stub_content(row)), row.mac):
            swept.add(row.mentorship)
        else:
            found.append(Finding(row.mentorship, None, "seal_altered"))
    return swept, found
