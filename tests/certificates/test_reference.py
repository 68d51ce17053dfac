"""P4: the library that signs for us makes and accepts the W3C's own vectors of eddsa-rdfc-2022."""

from __future__ import annotations

import json

import pytest
from openbadgeslib.ob3 import OB3VerificationError, resolve_verification_method, verify_data_integrity_proof
from openbadgeslib.ob3.contexts import document_loader
from openbadgeslib.ob3.ldp import _hash_data

EXAMPLES = {"https://www.w3.org/ns/credentials/examples/v2": {"@context": {"@vocab": "https://www.w3.org/ns/credentials/examples#"}}}


def test_the_published_signature_is_accepted_and_a_changed_one_is_not(reference):
    signed = json.loads((reference / "w3c-eddsa-rdfc-2022" / "signedDataInt.json").read_text())
    key = resolve_verification_method(signed["proof"]["verificationMethod"])
    verify_data_integrity_proof(signed, key, extra_contexts=EXAMPLES)
    with pytest.raises(OB3VerificationError):
        verify_data_integrity_proof(signed | {"name": "x"}, key, extra_contexts=EXAMPLES)


def test_what_is_hashed_is_what_the_vectors_hash(reference):
    vectors = reference / "w3c-eddsa-rdfc-2022"
    signed = json.loads((vectors / "signedDataInt.json").read_text())
    config = json.loads((vectors / "proofConfigDataInt.json").read_text())
    hashed = _hash_data({name: value for name, value in signed.items() if name != "proof"}, config, document_loader(EXAMPLES))
    assert hashed.hex() == (vectors / "combinedHashDataInt.txt").read_text().strip()
