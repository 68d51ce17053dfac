"""Who signs certificates (H8, P4): Ed25519 keys in a file that only its owner can read.

The newest key signs, and older ones still verify. Without a `did`, the issuer is the `did:key` of the signing key. That is a demonstration:
it proves that nothing was changed, not who issued it. In production the issuer is a `did:web`, whose document lists all keys.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from openbadgeslib.ob3 import did_key_from_pem, did_web_from_url, multikey_from_pem
from pydantic import BaseModel, Field, ValidationError, field_validator

from certificates.trust import Trust, document_url

DID_CONTEXTS = ("https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1")


class IssuerKeysUnusable(Exception):  # noqa: N818 - it says what is wrong, as the other packages' errors do
    """The key file is missing, malformed, or readable by others. The text never reveals its content."""


class StoredKey(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    private: str = Field(repr=False)

    @field_validator("private")
    @classmethod
    def _seed(cls, text: str) -> str:
        if len(_bytes(text)) != 32:
            raise ValueError("expected base64 of 32 bytes")
        return text


class StoredIssuer(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """The key file: keys from oldest to newest, and the secret that salts identities, which is never rotated."""

    keys: tuple[StoredKey, ...] = Field(min_length=1)
    salt: str = Field(repr=False)

    @field_validator("keys")
    @classmethod
    def _distinct(cls, keys: tuple[StoredKey, ...]) -> tuple[StoredKey, ...]:
        if len({key.id for key in keys}) != len(keys):
            raise ValueError("expected each key id once")
        return keys

    @field_validator("salt")
    @classmethod
    def _long(cls, text: str) -> str:
        if len(_bytes(text)) < 32:
            raise ValueError("expected base64 of at least 32 bytes")
        return text


@dataclass(frozen=True)
class IssuerKey:
    """One Ed25519 key. `id` is its fragment in a did:web document."""

    id: str
    private: Ed25519PrivateKey = field(repr=False)

    def private_pem(self) -> bytes:
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def public_pem(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def multikey(self) -> str:
        return str(multikey_from_pem(self.public_pem()))

    def did(self) -> str:
        return str(did_key_from_pem(self.public_pem()))


class IssuerSettings(Protocol):
    """What a process's settings say about the issuer; this package does not depend on their class."""

    @property
    def issuer_key_file(self) -> Path: ...

    @property
    def issuer_name(self) -> str: ...

    @property
    def issuer_did(self) -> str | None: ...

    @property
    def issuer_url(self) -> str | None: ...


@dataclass(frozen=True)
class Issuer:
    """The organisation that certifies. `name` is printed; `did` is None (did:key) or a did:web."""

    name: str
    keys: tuple[IssuerKey, ...]
    salt_secret: bytes = field(repr=False)
    web_did: str | None = None
    url: str | None = None

    @classmethod
    def of(cls, settings: IssuerSettings) -> Self:
        """The issuer that these settings name. Raises as `load` does."""
        return cls.load(settings.issuer_key_file, name=settings.issuer_name, did=settings.issuer_did, url=settings.issuer_url)

    @classmethod
    def load(cls, path: Path, *, name: str, did: str | None = None, url: str | None = None) -> Self:
        """Raises `IssuerKeysUnusable`, also if group or others may read the file."""
        try:
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise IssuerKeysUnusable(f"{path}: expected mode 0600: others may read the issuer's keys; see MENTORSHIP_ISSUER_KEY_FILE")
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise IssuerKeysUnusable(f"{path}: there is no such key file; see MENTORSHIP_ISSUER_KEY_FILE (after `make run`: . .mentorship/run/env)") from None
        except (OSError, UnicodeDecodeError) as problem:
            why = "not UTF-8" if isinstance(problem, UnicodeDecodeError) else problem.strerror
            raise IssuerKeysUnusable(f"{path}: cannot be read ({why}); see MENTORSHIP_ISSUER_KEY_FILE") from None
        if did is not None:
            try:
                document_url(did)
            except ValueError as error:
                raise IssuerKeysUnusable(f"issuer did: {error}") from None
        stored = _parsed(text, str(path))
        keys = tuple(IssuerKey(key.id, Ed25519PrivateKey.from_private_bytes(base64.b64decode(key.private))) for key in stored.keys)
        return cls(name, keys, base64.b64decode(stored.salt), did, url)

    @property
    def signing(self) -> IssuerKey:
        return self.keys[-1]

    @property
    def did(self) -> str:
        return self.web_did or self.signing.did()

    def verification_method(self, key: IssuerKey) -> str:
        return f"{self.web_did}#{key.id}" if self.web_did else f"{key.did()}#{key.multikey()}"

    def salt(self, certificate: str) -> str:
        """A certificate's own salt: the same in every attempt, unguessable without the issuer's secret."""
        digest = hmac.new(self.salt_secret, b"certificates/identity\0" + certificate.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:18]).decode("ascii")

    def trust(self) -> Trust:
        """All keys of this issuer, including older ones: what `certificates.verify` needs to verify without a network."""
        return Trust({self.verification_method(key): key.public_pem() for key in self.keys})

    def did_document(self) -> dict[str, Any]:
        """What production serves at the place that its did:web names (`/.well-known/did.json` for a bare host).

        The newest key comes first, since a reader that names no key takes the first. For a did:key it describes the signing key.
        """
        keys = tuple(reversed(self.keys)) if self.web_did else (self.signing,)
        methods = [{"id": self.verification_method(key), "type": "Multikey", "controller": self.did, "publicKeyMultibase": key.multikey()} for key in keys]
        return {"@context": list(DID_CONTEXTS), "id": self.did, "verificationMethod": methods, "assertionMethod": [method["id"] for method in methods]}


def generate(path: Path) -> None:
    """Writes a new key file, mode 0600. Raises `FileExistsError`: keys are never overwritten, even if two processes begin at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = StoredIssuer(keys=(_new_key("k1"),), salt=base64.b64encode(secrets.token_bytes(32)).decode("ascii"))
    _write(path, stored, fresh=True)


def rotate(path: Path) -> str:
    """Adds a key, which signs from the next `load` on, and returns its id. Older keys stay, so that their signatures still verify.

    With did:web, serve the new document before the new key signs; with did:key, the issuer's DID changes with the key.
    """
    Issuer.load(path, name="rotation")  # refuses exposed or malformed files before anything is written
    stored = _parsed(path.read_text(encoding="utf-8"), str(path))
    taken = {key.id for key in stored.keys}
    new = next(f"k{n}" for n in range(len(stored.keys) + 1, 2 * len(stored.keys) + 2) if f"k{n}" not in taken)
    _write(path, StoredIssuer(keys=(*stored.keys, _new_key(new)), salt=stored.salt))
    return new


def did_web(base_url: str) -> str:
    """The did:web of an https base URL. Its document belongs at `/.well-known/did.json`, or at `<path>/did.json` if there is a path."""
    return str(did_web_from_url(base_url))


def _parsed(text: str, source: str) -> StoredIssuer:
    try:
        return StoredIssuer.model_validate_json(text)
    except ValidationError as problem:
        found = problem.errors(include_input=False, include_url=False, include_context=False)
        where = "; ".join(f"{'.'.join(map(str, error['loc'])) or 'file'}: {_expected(error['type'], error['msg'])}" for error in found)
        raise IssuerKeysUnusable(f"{source}: {where}") from None


def _expected(kind: str, said: str) -> str:
    if kind == "value_error":
        return said.removeprefix("Value error, ")
    return "expected JSON" if kind == "json_invalid" else "missing, or nothing that belongs there"


def _bytes(text: str) -> bytes:
    """Empty for text that is not base64, since its decoder's errors are about padding."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""


def _new_key(name: str) -> StoredKey:
    return StoredKey(id=name, private=base64.b64encode(secrets.token_bytes(32)).decode("ascii"))


def _write(path: Path, stored: StoredIssuer, *, fresh: bool = False) -> None:
    """Writes in one step: a crash leaves the old file or the new one, never half of one. `fresh` refuses to replace a file."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(json.dumps(stored.model_dump(), indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())
        if fresh:
            os.link(temporary, path)
        else:
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
