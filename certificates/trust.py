"""Whose signatures are trusted (P4): verification methods (`did…#key`) and their public keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import unquote

from openbadgeslib.ob3 import resolve_did


@dataclass(frozen=True)
class Trust:
    """Public keys (PEM) by verification method. Join several with `|`; nothing is ever fetched here."""

    keys: Mapping[str, bytes]

    def __or__(self, other: Trust) -> Trust:
        return Trust({**self.keys, **other.keys})

    @property
    def issuers(self) -> frozenset[str]:
        return frozenset(method.partition("#")[0] for method in self.keys)

    @classmethod
    def nobody(cls) -> Self:
        return cls({})

    @classmethod
    def of_did_key(cls, did: str) -> Self:
        """A did:key, which contains its own key. Raises `ValueError` if it is not one."""
        return cls({f"{did}#{did.removeprefix('did:key:')}": _pem(did)})

    @classmethod
    def of_did_document(cls, document: Mapping[str, Any]) -> Self:
        """The issuer whose DID document a stranger fetched. Raises `ValueError`; methods of other DIDs are left out."""
        did, methods, assertion = document.get("id"), document.get("verificationMethod"), document.get("assertionMethod")
        if not isinstance(did, str) or not isinstance(methods, list) or not isinstance(assertion, list):
            raise ValueError("not a DID document with assertion methods")  # noqa: TRY004 - a bad value, as every other fault of a document here
        keys: dict[str, bytes] = {}
        for method in methods:
            if not isinstance(method, dict) or method.get("id") not in assertion:
                continue
            name, key = method.get("id"), method.get("publicKeyMultibase")
            if isinstance(name, str) and isinstance(key, str) and name.partition("#")[0] == did:
                keys[name] = _pem(f"did:key:{key}")
        if not keys:
            raise ValueError("no assertion method with a publicKeyMultibase")
        return cls(keys)


def document_url(did: str) -> str:
    """The address of a did:web's document, always over TLS. Raises `ValueError` if it is not a did:web."""
    host, *path = [unquote(part) for part in did.removeprefix("did:web:").split(":")]
    if not did.startswith("did:web:") or not host or not all(path) or any(mark in "/?#@\\[] " or not mark.isprintable() for mark in "".join((host, *path))):
        raise ValueError("expected did:web:host or did:web:host:path")
    return f"https://{host}/{'/'.join([*path, 'did.json'] if path else ['.well-known', 'did.json'])}"


def _pem(did: str) -> bytes:
    if not did.startswith("did:key:z"):
        raise ValueError("expected did:key:z…")
    try:
        return bytes(resolve_did(did))
    except Exception as problem:
        raise ValueError("not a readable did:key") from problem
