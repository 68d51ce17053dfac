"""What a rehearsal counts instead of doing, and what it does all the same: a mail or a certificate that cannot be made fails there as in reality (P1)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from activities.certificates import CertificateRequest, Reissued, ReissueRequest
from activities.notices import NoticeRequest
from mentorship.advance import Entry
from mentorship.effects import IssueCertificates, SendNotice
from mentorship.people import Pair, Side
from mentorship.programme import Mail
from rehearsal.ports import CountedPost, CountedRegistrar, HeldJournal

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
PAIR = Pair(mentor="p-mentor", mentee="p-mentee")


class Post:
    """Writes down every mail that it is given."""

    def __init__(self) -> None:
        self.written: list[tuple[str, str, str | None]] = []
        self.asked: list[str] = []

    async def readers(self, request: NoticeRequest) -> tuple[str, ...]:
        return (request.notice.to,)

    async def time_zone(self, reader: str, _: NoticeRequest) -> str:
        self.asked.append(reader)
        return f"zone of {reader}"

    async def deliver(self, _reader: str, request: NoticeRequest, _at: datetime) -> str:
        self.written.append((request.notice.kind, request.notice.to, request.notice.certificate))
        return f"<{len(self.written)}>"


class Registrar:
    """Issues `c-1` and so on, and none to people who are `erased`."""

    def __init__(self) -> None:
        self.issued: list[str] = []
        self.erased = True

    async def issue(self, side: str, _: CertificateRequest, _at: datetime) -> str | None:
        self.issued.append(side)
        return None if self.erased else f"c-{len(self.issued)}"

    async def reissue(self, _: ReissueRequest, _at: datetime) -> Reissued:
        return Reissued(outcome="unchanged")


def mail(kind: str, to: str = "mentor", certificate: str | None = None) -> NoticeRequest:
    notice = SendNotice.model_validate({"id": "1.0", "kind": kind, "to": to, "due": NOW, "certificate": certificate})
    return NoticeRequest(mentorship="mentorship.spring.m-1", pair=PAIR, texts="t", notice=notice, mail=Mail())


async def test_the_first_mail_of_each_kind_to_each_side_is_written_and_the_others_are_counted():
    post = Post()
    counted = CountedPost(post, {})
    said = [
        await counted.deliver("p", mail(kind, to), NOW) for kind, to in (("prepare", "mentor"), ("prepare", "mentor"), ("prepare", "mentee"), ("ask", "mentor"))
    ]
    assert said == ["<1>", "<1>", "<2>", "<3>"]
    assert post.written == [("prepare", "mentor", None), ("prepare", "mentee", None), ("ask", "mentor", None)]


async def test_of_the_results_that_bring_a_certificate_the_one_is_written_whose_certificate_was_made():
    post = Post()
    counted = CountedPost(post, {"mentor": "c-1"})
    for certificate in (None, "rehearsed-mentor", "c-1", "c-1"):
        await counted.deliver("p", mail("result", certificate=certificate), NOW)
    assert post.written == [("result", "mentor", None), ("result", "mentor", "c-1")]


async def test_a_zone_is_asked_once():
    post = Post()
    counted = CountedPost(post, {})
    assert [await counted.time_zone(reader, mail("ask")) for reader in ("ana", "bob", "ana")] == ["zone of ana", "zone of bob", "zone of ana"]
    assert post.asked == ["ana", "bob"]
    assert await counted.readers(mail("ask", "mentee")) == ("mentee",)


async def test_the_first_certificate_of_each_side_is_made_and_the_others_are_counted():
    """Nothing is made for a person who can have none: the next one is then the first."""
    registrar, made = Registrar(), dict[Side, str]()
    counted = CountedRegistrar(registrar, made)
    wanted = IssueCertificates(id="1.0", to=("mentor", "mentee"), started_at=NOW, completed_at=NOW, decided_at=NOW, milestones=(), share=80)
    request = CertificateRequest(mentorship="mentorship.spring.m-1", pair=PAIR, texts="t", wanted=wanted)
    assert await counted.issue("mentor", request, NOW) is None
    registrar.erased = False
    assert [await counted.issue(side, request, NOW) for side in ("mentor", "mentor", "mentee", "mentee")] == [
        "c-2",
        "rehearsed-mentor",
        "c-3",
        "rehearsed-mentee",
    ]
    assert made == {"mentor": "c-2", "mentee": "c-3"}
    assert (await counted.reissue(ReissueRequest(mentorship="mentorship.spring.m-1", person="p-mentor"), NOW)).outcome == "unchanged"


async def test_a_journal_in_memory_takes_a_batch_again_and_no_gap():
    journal = HeldJournal()
    rows = [Entry(seq=number, at=NOW, kind="event", name="paused") for number in (1, 2, 3)]
    assert (await journal.append("m-1", rows[:2], {"phase": "active"}, None)).seq == 2
    assert (await journal.append("m-1", rows[:2], {"phase": "active"}, None)).seq == 2
    assert (await journal.append("m-1", rows[1:], {"phase": "over"}, NOW)).seq == 3
    assert (journal.entries, journal.cards, journal.over_at) == ({"m-1": rows}, {"m-1": {"phase": "over"}}, {"m-1": NOW})
    with pytest.raises(ValueError, match="no gaps"):
        await journal.append("m-2", rows[1:], {}, None)
