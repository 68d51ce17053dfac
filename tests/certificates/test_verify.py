"""P4: a stranger detects every change, offline."""

from __future__ import annotations

import copy
import io
import json
import socket
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.errors import DependencyError
from pypdf.generic import StreamObject

from certificates.issue import issue
from certificates.issuer import Issuer, generate
from certificates.trust import Trust
from certificates.verify import LARGEST, State, verify_credential, verify_file

BASE = "https://mentors.example.org"
LIST = "https://mentors.example.org/c/status"


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise AssertionError("verification used the network")

    monkeypatch.setattr(socket, "getaddrinfo", refused)
    monkeypatch.setattr(socket.socket, "connect", refused)


@pytest.fixture(scope="module")
def issued(facts, issuer):
    return issue(facts(show_results=True, status_list_url=LIST, status_index=7), issuer, base_url=BASE)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    else:
        yield path


def branch(document: Any, path: tuple[Any, ...]) -> Any:
    for step in path[:-1]:
        document = document[step]
    return document


def test_a_genuine_one_is_valid(issued, issuer):
    verdict = verify_credential(issued.credential_json, trust=issuer.trust())
    assert verdict.state is State.VALID
    assert verdict.credential is not None
    assert verdict.credential["name"] == "Engineering mentorship 2025"
    assert any("revoked" in reason for reason in verdict.reasons)


def test_changing_any_value_is_found(issued, issuer):
    genuine = json.loads(issued.credential_json)
    paths = list(leaves(genuine))
    assert len(paths) > 50
    for path in paths:
        changed = copy.deepcopy(genuine)
        parent, value = branch(changed, path), branch(genuine, path)[path[-1]]
        parent[path[-1]] = (not value) if isinstance(value, bool) else value[:-1] + ("x" if value[-1] != "x" else "y")
        assert not verify_credential(json.dumps(changed), trust=issuer.trust()).valid, path


def test_removing_any_member_is_found(issued, issuer):
    genuine = json.loads(issued.credential_json)
    # An entry of a list is removed together with its parent's member; the list of proofs has only one entry.
    for path in {leaf[: end + 1] for leaf in leaves(genuine) for end in range(len(leaf)) if isinstance(leaf[end], str)}:
        changed = copy.deepcopy(genuine)
        del branch(changed, path)[path[-1]]
        assert not verify_credential(json.dumps(changed), trust=issuer.trust()).valid, path


@pytest.mark.parametrize("where", [(), ("credentialSubject",), ("credentialSubject", "achievement"), ("issuer",), ("proof", 0)])
@pytest.mark.parametrize("member", ["grade", "expirationDate", "https://schema.org/name", "evidence"])
def test_adding_a_member_is_found_also_one_that_no_context_defines(issued, issuer, where, member):
    changed = json.loads(issued.credential_json)
    branch(changed, (*where, member))[member] = "outstanding"
    assert not verify_credential(json.dumps(changed), trust=issuer.trust()).valid


def test_a_member_that_stands_twice_is_refused(issued, issuer):
    doubled = issued.credential_json.replace('"name": "Engineering mentorship 2025",', '"name": "Sales", "name": "Engineering mentorship 2025",', 1)
    assert doubled != issued.credential_json
    assert verify_credential(doubled, trust=issuer.trust()).state is State.UNREADABLE


def test_of_several_proofs_none_is_believed(issued, issuer):
    document = json.loads(issued.credential_json)
    (proof,) = document["proof"]
    for proofs in ([proof, proof], [proof, {}], []):
        assert verify_credential(json.dumps(document | {"proof": proofs}), trust=issuer.trust()).state is State.UNREADABLE


def test_another_issuers_signature_is_not_ours(tmp_path, facts, issuer):
    generate(tmp_path / "other.json")
    forged = issue(facts(), Issuer.load(tmp_path / "other.json", name="Example Works"), base_url=BASE).credential_json
    assert verify_credential(forged, trust=issuer.trust()).state is State.UNKNOWN_ISSUER


def test_our_name_over_another_key_is_not_ours(tmp_path, facts, issuer):
    """The proof names our key, or the document names our DID, but somebody else signed it."""
    generate(tmp_path / "other.json")
    other = Issuer.load(tmp_path / "other.json", name="Example Works")
    forged = json.loads(issue(facts(), other, base_url=BASE).credential_json)
    forged["issuer"]["id"] = issuer.did
    assert verify_credential(json.dumps(forged), trust=issuer.trust()).state is State.UNKNOWN_ISSUER
    forged["proof"][0]["verificationMethod"] = issuer.verification_method(issuer.signing)
    assert verify_credential(json.dumps(forged), trust=issuer.trust()).state is State.ALTERED


def test_who_trusts_nobody_learns_nothing(issued):
    verdict = verify_credential(issued.credential_json, trust=Trust.nobody())
    assert (verdict.state, verdict.credential) == (State.UNKNOWN_ISSUER, None)


def test_before_its_time_it_is_genuine_but_not_yet_valid(facts, issuer):
    ahead = datetime.now(UTC) + timedelta(days=30)
    text = issue(facts(issued_at=ahead), issuer, base_url=BASE).credential_json
    assert verify_credential(text, trust=issuer.trust()).state is State.NOT_YET_VALID
    further = json.loads(text) | {"validFrom": (ahead + timedelta(days=1)).isoformat()}
    assert verify_credential(json.dumps(further), trust=issuer.trust()).state is State.ALTERED


@pytest.mark.parametrize(
    ("until", "state"),
    [("2026-01-01T00:00:00Z", State.EXPIRED), ("2999-01-01T00:00:00Z", State.VALID), ("2026-01-01T00:00:00", State.ALTERED), ("soon", State.ALTERED)],
)
def test_after_its_time_it_is_genuine_but_expired(issued, issuer, signed, until, state):
    """P4: our certificates never expire; those of another issuer whom a stranger trusts may."""
    text = signed(issued.credential_json, issuer, validUntil=until)
    assert verify_credential(text, trust=issuer.trust()).state is state
    if state is State.EXPIRED:
        prolonged = json.loads(text) | {"validUntil": "2026-02-01T00:00:00Z"}
        assert verify_credential(json.dumps(prolonged), trust=issuer.trust()).state is State.ALTERED


def test_of_two_who_are_trusted_none_signs_for_the_other(tmp_path, issued, issuer, signed):
    generate(tmp_path / "other.json")
    other = Issuer.load(tmp_path / "other.json", name="Other Works")
    forged = signed(issued.credential_json, other)
    assert verify_credential(forged, trust=issuer.trust() | other.trust()).state is State.UNKNOWN_ISSUER


@pytest.mark.parametrize("amiss", [{"salt": 7}, {"identityHash": "sha256$\u00e9"}, {"identityHash": "sha256$"}, {"hashed": False}])
def test_a_holder_whom_a_trusted_issuer_named_amiss_is_another_one_and_never_raises(issued, issuer, signed, amiss):
    subject = json.loads(issued.credential_json)["credentialSubject"]
    subject["identifier"] = [identity | amiss for identity in subject["identifier"]]
    text = signed(issued.credential_json, issuer, credentialSubject=subject)
    assert verify_credential(text, trust=issuer.trust(), name="Zoë Łukasiewicz").state is State.ANOTHER_HOLDER


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "{", '{"issuer": 3, "proof": []}', '{"issuer": "did:x", "proof": [{}]}', "[" * 100_000])
def test_what_is_no_credential_is_unreadable_and_never_raises(issuer, text):
    assert verify_credential(text, trust=issuer.trust()).state is State.UNREADABLE


@pytest.mark.parametrize("subject", [[], "x", {"identifier": 3}, {"identifier": [3]}, {"achievement": 3}])
def test_a_nonsensical_subject_never_raises(issued, issuer, subject):
    text = json.dumps(json.loads(issued.credential_json) | {"credentialSubject": subject})
    assert verify_credential(text, trust=issuer.trust(), name="Ann", email="a@example.org").state is State.ALTERED


def test_the_document_carries_the_credential_byte_for_byte(issued, issuer):
    assert verify_file(issued.pdf, trust=issuer.trust()).valid
    assert verify_file(issued.credential_json.encode(), trust=issuer.trust()).valid
    assert issued.credential_json == _attachment(issued.pdf)


def test_a_document_that_carries_a_changed_credential_is_found(issued, issuer):
    changed = issued.credential_json.replace("9/11", "11/11")
    assert verify_file(_pdf_with(changed.encode()), trust=issuer.trust()).state is State.ALTERED
    assert verify_file(_pdf_with(issued.credential_json.encode()), trust=issuer.trust()).valid


def test_the_printed_name_is_compared_with_the_signed_one(issued, issuer):
    """The page itself is not signed, so without a printed name the verdict says so."""
    assert any("name on the page" in reason for reason in verify_file(issued.pdf, trust=issuer.trust()).reasons)
    assert verify_file(issued.pdf, trust=issuer.trust(), name="  Zoë   Łukasiewicz ").valid
    assert verify_file(issued.pdf, trust=issuer.trust(), name="Zoe\u0308 Łukasiewicz").valid
    assert not any("name on the page" in reason for reason in verify_file(issued.pdf, trust=issuer.trust(), name="Zoë Łukasiewicz").reasons)
    assert verify_file(issued.pdf, trust=issuer.trust(), name="Max Mustermann").state is State.ANOTHER_HOLDER
    assert verify_file(issued.pdf, trust=issuer.trust(), email="zoe@example.org").valid
    assert verify_file(issued.pdf, trust=issuer.trust(), email="max@example.org").state is State.ANOTHER_HOLDER


def test_an_address_is_nobodys_where_none_was_signed(facts, issuer):
    """H8, P4: without an address the holder is our own reference and a name. Somebody who claims the certificate by an address is another holder."""
    text = issue(facts(holder_email=None), issuer, base_url=BASE).credential_json
    verdict = verify_credential(text, trust=issuer.trust(), name="Zoë Łukasiewicz")
    assert (verdict.state, verdict.reasons) == (State.VALID, ())
    for claimed in ("zoe@example.org", "p-0123456789abcdef", ""):
        assert verify_credential(text, trust=issuer.trust(), email=claimed).state is State.ANOTHER_HOLDER


@pytest.mark.parametrize("attachments", [0, 2])
def test_a_document_with_none_or_several_attachments_is_unreadable(issued, issuer, attachments):
    data = _pdf_with(*[issued.credential_json.encode()] * attachments)
    assert verify_file(data, trust=issuer.trust()).state is State.UNREADABLE


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7 and nothing", b"\xff\xfe\x00", b"\x89PNG\r\n", b"x" * (9 * 1024 * 1024)])
def test_other_files_are_unreadable_and_never_raise(issuer, data):
    assert verify_file(data, trust=issuer.trust()).state is State.UNREADABLE


def test_what_is_larger_than_any_certificate_is_not_parsed(issued, issuer, monkeypatch):
    genuine = issued.credential_json.encode()
    assert verify_file(genuine + b" " * (LARGEST - len(genuine)), trust=issuer.trust()).valid
    monkeypatch.setattr("json.loads", lambda *_, **__: pytest.fail("parsed"))
    (reason,) = verify_file(genuine + b" " * (LARGEST - len(genuine) + 1), trust=issuer.trust()).reasons
    assert "too large" in reason


def test_a_damaged_document_never_raises(issued, issuer):
    for cut in range(0, len(issued.pdf), 997):
        assert not verify_file(issued.pdf[:cut], trust=issuer.trust()).valid


PACKED = ["/Nonsense", "/JBIG2Decode", "/JPXDecode", "/CCITTFaxDecode", "/DCTDecode", "/LZWDecode", "/ASCII85Decode", "/Crypt", "5", "[/FlateDecode [/x]]"]


@pytest.mark.parametrize("how", [*PACKED, "[/FlateDecode /FlateDecode]"])
def test_an_attachment_that_is_packed_otherwise_is_not_decoded(how, issued, issuer):
    verdict = verify_file(_packed(how, issued.credential_json.encode()), trust=issuer.trust())
    assert verdict.state is State.UNREADABLE
    assert verdict.reasons == ("The attachment is packed in a way that a certificate's never is.",)


@pytest.mark.parametrize("more", ["", " /DecodeParms << /Predictor 99 >>", " /DecodeParms [/x]"])
def test_a_deflated_attachment_that_cannot_be_decoded_is_damage(more, issuer):
    packed = zlib.compress(b"x" * 100) if more else b"not deflated at all"
    assert not verify_file(_packed(f"/FlateDecode{more}", packed), trust=issuer.trust()).valid


def test_whatever_the_reader_of_documents_raises_is_damage(issued, issuer, monkeypatch):
    monkeypatch.setattr(StreamObject, "get_data", lambda _: (_ for _ in ()).throw(DependencyError("a decoder is missing")))
    assert verify_file(issued.pdf, trust=issuer.trust()).reasons == ("The PDF is damaged.",)


@pytest.mark.parametrize("how", ["/FlateDecode", "[/FlateDecode]", "[]"])
def test_an_attachment_is_read_deflated_or_as_it_is(how, issued, issuer):
    content = issued.credential_json.encode()
    assert verify_file(_packed(how, content if how == "[]" else zlib.compress(content)), trust=issuer.trust()).valid


@pytest.mark.parametrize("incremental", [False, True])
def test_a_certificate_that_a_program_saved_again_still_verifies(issued, issuer, incremental):
    again = PdfWriter(io.BytesIO(issued.pdf), incremental=True) if incremental else PdfWriter(clone_from=io.BytesIO(issued.pdf))
    again.add_metadata({"/Title": "Saved again"})
    made = io.BytesIO()
    again.write(made)
    assert made.getvalue() != issued.pdf
    assert verify_file(made.getvalue(), trust=issuer.trust()).valid


def test_a_certificate_is_far_smaller_than_what_is_looked_at(issued):
    assert len(issued.pdf) * 10 < LARGEST


_TABLES = {
    "none at all": b"trailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF",
    "no size": b"xref\n0 null\ntrailer<</Root 1 0 R>>\nstartxref\n%(at)d\n%%%%EOF",
    "no places": b"xref\n0 2\nnowhere in the file..nowhere in the file..\ntrailer<</Root 1 0 R>>\nstartxref\n%(at)d\n%%%%EOF",
    "somewhere else": b"trailer<</Root 1 0 R>>\nstartxref\n%(at)d\n%%%%EOF",
}


@pytest.mark.parametrize("table", _TABLES)
def test_a_file_without_its_table_of_objects_is_refused_and_not_searched(table, monkeypatch):
    """Two uploads with hundreds of thousands of objects used to block the page for everybody."""
    searched: list[int] = []

    def search(_: object, data: bytes) -> Iterator[Any]:
        searched.append(len(data))
        return iter(())

    monkeypatch.setattr(PdfReader, "_find_pdf_objects", classmethod(search))
    body = b"%PDF-1.7\n" + b"".join(b"%d 0 obj\n<<>>\nendobj\n" % number for number in range(100))
    tail = _TABLES[table]
    verdict = verify_file(body + (tail % {b"at": len(body)} if b"%(at)" in tail else tail), trust=Trust.nobody())
    assert (verdict.state, verdict.reasons) == (State.UNREADABLE, ("The PDF is damaged.",))
    assert searched == []


def test_objects_that_a_program_packed_together_are_read(issued, issuer):
    assert verify_file(_objects_packed(issued.credential_json.encode()), trust=issuer.trust()).valid


_BOMBS: dict[str, dict[str, Any]] = {
    "objects": {"more": b"/X [" + (b"[" + b"0 " * 90_000 + b"]") * 6 + b"]"},
    "places": {"entries": 200_000},
    "another packing": {"pack": lambda content: b"".join(bytes([0, byte]) for byte in content) + b"\x80", "how": b"/RunLengthDecode"},
}


@pytest.mark.parametrize("bomb", _BOMBS)
def test_a_small_file_that_unpacks_to_millions_of_objects_is_refused_before_they_are_read(bomb):
    """2,000 bytes from anybody used to take two seconds of the web hook's processor and 60 MB of its memory, and 80,000 bytes forty times as much."""
    data = _objects_packed(b"{}", **_BOMBS[bomb])
    assert len(data) < 10_000
    verdict = verify_file(data, trust=Trust.nobody())
    assert (verdict.state, verdict.reasons) == (State.UNREADABLE, ("The PDF is damaged.",))


def test_of_several_attachments_none_is_unpacked(monkeypatch):
    monkeypatch.setattr("pypdf.generic.EmbeddedFile.content", property(lambda _: pytest.fail("unpacked")))
    assert "2 attachments" in verify_file(_pdf_with(b"{}", b"{}"), trust=Trust.nobody()).reasons[0]


def test_an_attachment_that_unpacks_to_something_huge_is_not_parsed(monkeypatch):
    monkeypatch.setattr("json.loads", lambda *_, **__: pytest.fail("parsed"))
    for times, said in ((1, "The attachment is too large to be a credential."), (3, "The PDF is damaged.")):  # the second is not even unpacked
        data = _packed("/FlateDecode", zlib.compress(b"[" + b" " * times * LARGEST))
        assert verify_file(data, trust=Trust.nobody()).reasons == (said,)


def _packed(how: str, content: bytes) -> bytes:
    """A hand-made document whose one attachment says how it is packed."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles << /Names [(c.json) 4 0 R] >> >> >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>",
        b"<< /Type /Filespec /F (c.json) /EF << /F 5 0 R >> >>",
        f"<< /Type /EmbeddedFile /Filter {how} /Length {len(content)} >>\nstream\n".encode() + content + b"\nendstream",
    ]
    made, places = b"%PDF-1.7\n", []
    for number, content_of in enumerate(objects, 1):
        places.append(b"%010d 00000 n \n" % len(made))
        made += b"%d 0 obj\n" % number + content_of + b"\nendobj\n"
    table = b"xref\n0 6\n0000000000 65535 f \n" + b"".join(places)
    return made + table + b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % len(made)


def _objects_packed(
    content: bytes, *, more: bytes = b"", entries: int = 7, pack: Callable[[bytes], bytes] = zlib.compress, how: bytes = b"/FlateDecode"
) -> bytes:
    """A hand-made document in the form that newer programs save: its objects are in a stream, and so is the table of their places."""
    inside = [
        b"<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles << /Names [(c.json) 3 0 R] >> >> " + more + b" >>",
        b"<< /Type /Pages /Kids [] /Count 0 >>",
        b"<< /Type /Filespec /F (c.json) /EF << /F 4 0 R >> >>",
    ]
    starts = [sum(len(one) + 1 for one in inside[:number]) for number in range(3)]
    head = b" ".join(b"%d %d" % (number, start) for number, start in enumerate(starts, 1)) + b" "
    packed = pack(head + b" ".join(inside))
    made, places = b"%PDF-1.7\n", []
    for number, said, data in (
        (4, b"/Type /EmbeddedFile", content),
        (5, b"/Type /ObjStm /N 3 /First %d /Filter %s" % (len(head), how), packed),
    ):
        places.append(len(made))
        made += b"%d 0 obj\n<< %s /Length %d >>\nstream\n" % (number, said, len(data)) + data + b"\nendstream\nendobj\n"
    kinds = [(0, 0, 0), (2, 5, 0), (2, 5, 1), (2, 5, 2), (1, places[0], 0), (1, places[1], 0), (1, len(made), 0)]
    table = zlib.compress(b"".join(bytes([kind]) + place.to_bytes(4) + bytes([index]) for kind, place, index in kinds) + bytes(6 * (entries - 7)))
    said = b"<< /Type /XRef /Size %d /W [1 4 1] /Root 1 0 R /Filter /FlateDecode /Length %d >>" % (entries, len(table))
    return made + b"6 0 obj\n" + said + b"\nstream\n" + table + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF" % len(made)


def _attachment(pdf: bytes) -> str:
    ((content,),) = PdfReader(io.BytesIO(pdf)).attachments.values()
    return content.decode()


def _pdf_with(*attachments: bytes) -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    for index, content in enumerate(attachments):
        writer.add_attachment(f"{index}.json", content)
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


def test_what_the_reader_of_documents_mends_is_not_told(issued, issuer, caplog):
    """Whoever asks whether a certificate is genuine gets one answer, not a library's remarks about a table of offsets."""
    moved = issued.pdf.replace(b"%%EOF", b"%%EO ", 1)
    for data in (b"before the beginning" + issued.pdf, moved, issued.pdf[:-40]):
        verify_file(data, trust=issuer.trust())
    assert [record.getMessage() for record in caplog.records] == []
