# ruff: noqa: INP001 - a script beside a Node package
"""Certificates for other people's verifiers: `python interop/examples.py FOLDER`.

Writes `cases.json` (a name, a document, and what a verifier should say), and `site.json`: what the issuer's web site, and nobody else's,
answers by address. Nothing of it is kept: keys are made anew each time.
"""

from __future__ import annotations

import copy
import json
import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

from openbadgeslib.ob3 import add_data_integrity_proof

sys.path.insert(0, str(Path(__file__).parents[1]))

from certificates.credential import credential
from certificates.facts import CertificateFacts
from certificates.issuer import Issuer, did_web, generate, rotate
from certificates.status import status_list, status_list_url

BASE = "https://mentors.example.org"
NOW = datetime.now(UTC).replace(microsecond=0)
REVOKED, STANDING = 41, 7


def facts(number: int, **changed: Any) -> CertificateFacts:
    usual: dict[str, Any] = {
        "id": f"interop{number:019}",
        "holder_name": "Zoë Łukasiewicz",
        "holder_ref": "p-0123456789abcdef",
        "holder_email": "zoe@example.org",
        "programme_title": "Engineering mentorship 2025",
        "started_on": date(2025, 1, 6),
        "completed_at": datetime(2025, 7, 7, 9, 30, tzinfo=UTC),
        "issued_at": datetime(2025, 7, 14, 9, 30, tzinfo=UTC),
        "share": 80,
        "milestones_done": 9,
        "milestones_total": 11,
        "status_list_url": status_list_url(BASE),
        "status_index": STANDING,
    }
    return CertificateFacts(**(usual | changed))


def issuers(folder: Path) -> tuple[Issuer, Issuer, Issuer, Issuer]:
    """The did:web before and after a rotation, a did:key, and somebody else who claims to be the did:web."""
    path = folder / "issuer.json"
    generate(path)
    before = Issuer.load(path, name="Example Works", did=did_web(BASE))
    by_key = Issuer.load(path, name="Example Works")
    rotate(path)
    after = Issuer.load(path, name="Example Works", did=did_web(BASE))
    generate(folder / "other.json")
    impostor = Issuer.load(folder / "other.json", name="Example Works", did=did_web(BASE))
    return before, after, by_key, impostor


def signed_again(document: dict[str, Any], issuer: Issuer, **changed: Any) -> dict[str, Any]:
    unsigned = {name: value for name, value in (document | changed).items() if name != "proof"}
    signed = dict(add_data_integrity_proof(unsigned, issuer.signing.private_pem(), issuer.verification_method(issuer.signing), created=NOW))
    return signed | {"proof": [signed["proof"]]}


def altered(document: dict[str, Any], change: Any) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    change(changed)
    return changed


def cases(before: Issuer, after: Issuer, by_key: Issuer, impostor: Issuer) -> list[dict[str, Any]]:
    web = credential(facts(1), after, base_url=BASE)
    key = credential(facts(2, status_list_url=None, status_index=None), by_key, base_url=BASE)

    def other_name(document: dict[str, Any]) -> None:
        document["credentialSubject"]["identifier"][1]["identityHash"] = "sha256$" + "0" * 64

    def other_title(document: dict[str, Any]) -> None:
        document["credentialSubject"]["achievement"]["name"] = "Chief executive"

    done = [{"title": f"محطة {number}", "done_at": datetime(2025, 5, number, tzinfo=UTC), "waived": number == 9} for number in range(1, 10)]
    past = (NOW - timedelta(days=1)).isoformat().replace("+00:00", "Z")
    return [
        {"name": "valid, did:web", "says": "valid", "document": web},
        {"name": "valid, did:key", "says": "valid", "document": key},
        {"name": "valid, signed before the key was rotated", "says": "valid", "document": credential(facts(3), before, base_url=BASE)},
        {
            "name": "valid, in Arabic, with results",
            "says": "valid",
            "document": credential(facts(4, language="ar", show_results=True, milestones=done), after, base_url=BASE),
        },
        {"name": "tampered: another holder", "says": "altered", "document": altered(web, other_name)},
        {"name": "tampered: another title, did:key", "says": "altered", "document": altered(key, other_title)},
        {"name": "wrong key: somebody else signed as our did:web", "says": "wrong key", "document": credential(facts(6), impostor, base_url=BASE)},
        {"name": "expired", "says": "expired", "document": signed_again(web, after, validUntil=past)},
        {"name": "revoked", "says": "revoked", "document": credential(facts(5, status_index=REVOKED), after, base_url=BASE)},
    ]


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as keys:
        before, after, by_key, impostor = issuers(Path(keys))
    site = {
        f"{BASE}/.well-known/did.json": after.did_document(),
        status_list_url(BASE): json.loads(status_list(after, [REVOKED], url=status_list_url(BASE), at=NOW)),
    }
    contexts = {}
    for file in files("openbadgeslib.ob3.contexts").iterdir():
        if file.name.endswith(".json"):
            contexts[file.name] = json.loads(file.read_text(encoding="utf-8"))
    for name, content in (("cases", cases(before, after, by_key, impostor)), ("site", site), ("contexts", contexts)):
        (folder / f"{name}.json").write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
