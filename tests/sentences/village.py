"""The company in which the stories of stories.py happen, with programmes and people made for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from itsdangerous import TimestampSigner
from ruamel.yaml import YAML

from activities.certificates import ReissueRequest
from activities.digests import DigestRequest
from certificates.facts import CertificateFacts
from certificates.issue import issue
from gateway.links import Bearer, Purpose
from mentorship import visibility
from mentorship.events import EarnedMilestone
from mentorship.people import Side
from mentorship.programme import Programme
from mentorship.visibility import Thing, Viewer
from notices.smtp import TryLater
from records.cases import Case
from records.certificates import Certificate
from records.errors import RecordsUnavailable
from records.people import Profile
from starter.rehearsal_personas import Persona
from tests.sentences.house import STARTS, Cohort, House, Pair
from tests.sentences.visitor import Visitor
from webhook.pace import Pace

EXAMPLE: dict[str, Any] = YAML(typ="safe").load(Path(__file__).parents[2] / "examples" / "engineering-2027.yaml")
MORE = [
    {"id": "both", "title": "A plan that both of you signed", "by": "both"},
    {"id": "visit", "title": "A visit to another team", "by": "either"},
    {"id": "talk", "title": "A talk that you gave", "by": "mentee"},
]
MILESTONES = {one["id"]: one for one in [*EXAMPLE["milestones"], *MORE]}
OFFICE = ("e-1001", "e-1002", "e-1003", "e-1004")
NAMES = {"e-1001": "Ana Keller", "e-1002": "Nadia Rahman", "e-1003": "Lee Morgan", "e-1004": "Sam Okafor", "mentor": "Mia Moreau", "mentee": "Noor Naseri"}


class Village:
    def __init__(self, house: House) -> None:
        self.house = house

    def cohort(
        self,
        name: str,
        pairs: Sequence[tuple[str, str]] = (("mentor", "mentee"),),
        *,
        count: int = 4,
        milestones: Iterable[str] | None = None,
        share: int = 80,
        personas: Mapping[str, Persona] | None = None,
        earned: tuple[EarnedMilestone, ...] = (),
        starts: datetime = STARTS,
        nameless: bool = False,
        names: Mapping[str, str] = NAMES,
        languages: tuple[str, str] = ("en", "en"),
        zones: tuple[str, str] = ("Europe/Berlin", "Europe/Berlin"),
        **changes: Any,
    ) -> Cohort:
        """A cohort of people of its own. It meets each week, and ends two weeks after the last meeting; `changes` are the file's keys."""
        document = {key: dict(value) if isinstance(value, dict) else value for key, value in EXAMPLE.items()}
        document["programme"] |= {"id": name, "share": share}
        document["mail"] = {"spread": "PT0S", "budget": {"most": 40}}
        document["programme"] |= {"length": f"P{count + 3}W", "reporting_grace": "P7D"}
        document["meetings"] |= {"count": count, "interval": "P7D", "holidays": False, "quiet": []}
        document["heads_up"] = "P8D"
        if milestones is not None:
            document["milestones"] = [MILESTONES[one] for one in milestones]
        for key, value in changes.items():
            document[key] = {**document.get(key, {}), **value} if isinstance(value, dict) and value else value
        people = {who: person(who, NAMES[who]) for who in OFFICE}
        for pair in pairs:
            for who, language, zone in zip(pair, languages, zones, strict=True):
                if who not in people:
                    shown = "\u2060" if nameless else {**NAMES, **names}.get(who, who.title())
                    people[who] = person(f"{name}-{who}", shown, language=language, time_zone=zone)
        return Cohort(self.house, name, Programme.model_validate(document), people, pairs, personas=personas, earned=earned, starts=starts)

    # -- who comes to the pages ----------------------------------------------------------------------------------------------

    def visitor(self, pair: Pair, who: str, purpose: Purpose = "page") -> Visitor:
        """One of the two at their page, or at another one that is theirs."""
        return Visitor(self.house, self.house.address(purpose, pair.bearer(who)))

    def worried(self, pair: Pair, who: str) -> Visitor:
        """One of the two where concerns are raised, behind the link for private things."""
        return Visitor(self.house, self.house.address("private", pair.bearer(who), "concern"))

    def coordinator(self, cohort: Cohort, person_id: str = "e-1001") -> Visitor:
        return Visitor(self.house, self.house.address("coordinator", cohort.bearer(person_id)))

    def contact(self, case: str, ref: str) -> Visitor:
        """Somebody who was chosen for a concern."""
        return Visitor(self.house, self.house.address("case", Bearer(case, ref)))

    def guest(self) -> Visitor:
        return Visitor(self.house)

    def old(self, purpose: Purpose, bearer: Bearer) -> Visitor:
        """Somebody with a link that has stopped opening."""
        now = TimestampSigner.get_timestamp
        with mock.patch.object(TimestampSigner, "get_timestamp", lambda signer: now(signer) - int(timedelta(days=99).total_seconds())):
            return Visitor(self.house, self.house.address(purpose, bearer))

    @contextmanager
    def nobody_working(self) -> Iterator[None]:
        """What is sent inside the block is handled at its end."""
        with mock.patch.object(self.house, "working", new=False):
            yield
        self.house.settle()

    @contextmanager
    def temporal_away(self) -> Iterator[None]:
        with mock.patch.object(self.house.engine, "away", new=True):
            yield

    @contextmanager
    def mail_away(self) -> Iterator[None]:
        with mock.patch.object(self.house.mailer, "send", side_effect=TryLater("the mail server could not be reached")):
            yield

    @contextmanager
    def records_away(self) -> Iterator[None]:
        with mock.patch.object(self.house.records.cohorts, "by_mentorship", side_effect=RecordsUnavailable("records cannot be reached")):
            yield

    @contextmanager
    def mistaken(self) -> Iterator[None]:
        """A mistake of ours stands in the way."""
        with mock.patch.object(self.house.records.cohorts, "by_mentorship", side_effect=ZeroDivisionError):
            yield

    @contextmanager
    def without_keys(self) -> Iterator[None]:
        """The pages lack the issuer's key file."""
        nowhere = self.house.settings.issuer_key_file.with_name("nowhere.json")
        with mock.patch.object(self.house, "http", self.house.serve(issuer_key_file=nowhere)):
            yield

    @contextmanager
    def too_fast(self) -> Iterator[None]:
        """No form fits any more inside the block."""
        with mock.patch.object(Pace, "_tokens", return_value=0.0):
            yield

    def ordered(self, pair: Pair, command: Any, at: datetime, *, by: str = "o-ana") -> None:
        """Somebody said this already at that instant, and it is handled with what comes next."""
        pair.hear(command.model_copy(update={"message_id": f"said-{next(Cohort.ids)}", "by": pair.ref(by), "at": at}))

    # -- what happens beside the mentorships ---------------------------------------------------------------------------------

    def digest(self, cohort: Cohort, at: datetime, *, closing: bool = False) -> None:
        """What the cohort's workflow asks for each Monday, and at its close."""
        cohort.until(at)
        self.house.act(self.house.digests.send_digest, DigestRequest(cohort=cohort.name, due=at, at=at, closing=closing), at)

    def fresh_link(self, email: str) -> None:
        """Somebody asks at the door for their links."""
        self.house.wait(self.house.fresh.send_to_address(email))

    def take(self, mentorship: str, by: str, at: datetime, *, aside: datetime | None = None) -> None:
        """A coordinator takes the pair's line, or sets it aside until then."""
        lines = self.house.records.lines
        work = lines.take(mentorship, "reporting_line", by, at) if aside is None else lines.set_aside(mentorship, "reporting_line", by, aside, at)
        assert self.house.wait(work)

    def give_back(self, mentorship: str, by: str) -> None:
        self.house.wait(self.house.records.lines.give_back(mentorship, "reporting_line", by))

    def tend(self, mentorship: str, at: datetime) -> None:
        """The case beside the pair's line is looked after: whoever should be reminded is."""
        (line,) = self.house.wait(self.house.records.lines.of(mentorship))
        case = self.house.wait(self.house.records.cases.of_line(line.key))
        assert case is not None
        self.look_after(case.id, at)

    def look_after(self, case: str, at: datetime) -> None:
        self.house.wait(self.house.desk.tend(case, at))

    def concern(self, cohort: Cohort, pair: Pair, *, raiser: str, about: str, contacts: tuple[str, ...], at: datetime) -> str:
        cohort.until(at)
        wanted = Case(
            id="",
            raiser=pair.ref(raiser),
            mentorship=pair.mentorship,
            programme=cohort.programme.programme.id,
            subject=pair.ref(about),
            contacts=contacts,
            opened_at=at,
        )
        return self.house.wait(self.house.records.cases.open(wanted, "What weighs on me", f"form-{cohort.name}")).id

    def take_case(self, case: str, by: str, at: datetime) -> None:
        self.house.wait(self.house.records.cases.take(case, by, at))

    def rename(self, person_id: str, name: str) -> None:
        """A people file that is read again has another name for somebody."""
        people = self.house.records.people
        ref = self.house.wait(people.ref(person_id))
        assert ref is not None
        profile = self.house.wait(people.profile(ref))
        self.house.wait(people.enrol([profile.model_copy(update={"name": name})]))

    def reissue(self, pair: Pair, side: Side, at: datetime) -> None:
        """An operator asks for a later edition, as its workflow does it."""
        request = ReissueRequest(mentorship=pair.mentorship, person=pair.ref(side))
        reissued = self.house.act(self.house.certificates.reissue_certificate, request, at)
        assert reissued.notice is not None
        self.house.act(self.house.notices.send_notice, reissued.notice, at)

    def note(self, pair: Pair, who: str, kind: str, text: str, *, shared: bool = False) -> str:
        """What somebody writes on a page, as the page keeps it."""
        return self.house.wait(self.house.records.notes.put(pair.ref(who), pair.mentorship, kind, text, shared))

    def unsubscribe(self, pair: Pair, who: str) -> None:
        self.house.wait(self.house.records.notices.unsubscribe(pair.ref(who)))

    def erase(self, pair: Pair, who: str) -> None:
        self.house.wait(self.house.records.people.erase(pair.ref(who), ended=[pair.mentorship]))

    def concerns(self, pair: Pair) -> list[Case]:
        """Of both, oldest first."""
        return self.house.wait(self.house.records.cases.of_pair(pair.mentorship))

    @contextmanager
    def gone(self, *person_ids: str) -> Iterator[None]:
        """These have left the company, inside the block."""
        people = self.house.records.people
        refs = self.house.wait(people.refs(person_ids)).values()
        for ref in refs:
            self.house.wait(people.tell(ref, {"status": "gone"}, self.house.now))
        yield
        for ref in refs:
            self.house.wait(people.tell(ref, {"status": "active"}, self.house.now))

    def certificate(self, pair: Pair, who: str) -> Certificate:
        """The newest edition."""
        standing = self.house.wait(self.house.records.certificates.standing(pair.mentorship, pair.ref(who)))
        assert standing is not None
        return standing

    def files(self, certificate: Certificate) -> tuple[bytes, str]:
        """The document and the credential."""
        credential, pdf = self.house.wait(self.house.records.certificates.document(certificate.id))
        return pdf, credential

    def unregistered(self, certificate: Certificate) -> bytes:
        """Another one like it, signed with our key and in no registry."""
        facts = CertificateFacts.model_validate({**certificate.fields, "id": "k7x2m4qpa5z3vbn6rtw8cdye2f", "issued_at": certificate.issued_at})
        return issue(facts, self.house.issuer, base_url=self.house.settings.base_url).credential_json.encode()

    def revoke(self, pair: Pair, who: str) -> None:
        self.house.wait(self.house.records.certificates.revoke(self.certificate(pair, who).id, "issued in error"))

    def sweep(self, at: datetime) -> None:
        """What is kept no longer is forgotten. Before, each mentorship that is over closed its journal, as the last thing that it does."""
        self.house.now = at
        for pair in self.house.engine.pairs.values():
            if pair.state.over:
                self.house.wait(self.house.journal.seal(pair.mentorship))
        self.house.wait(self.house.records.retention.sweep(at))

    @staticmethod
    @contextmanager
    def hiding(hidden: Mapping[Viewer, Iterable[Thing]]) -> Iterator[None]:
        """Another table of who sees what, inside the block."""
        with ExitStack() as stack:
            for viewer, things in hidden.items():
                for thing in things:
                    stack.enter_context(mock.patch.dict(visibility._TABLE, {thing: {**visibility._TABLE[thing], viewer: "no"}}))
            yield


def person(person_id: str, name: str, **more: Any) -> Profile:
    known = {"person_id": person_id, "name": name, "email": f"{person_id}@example.org", "time_zone": "Europe/Berlin", "language": "en"}
    return Profile.model_validate(known | more)
