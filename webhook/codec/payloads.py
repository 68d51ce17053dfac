"""Payloads as Temporal's remote codec protocol writes them: JSON with base64, in and out."""

from __future__ import annotations

from collections.abc import Sequence

from google.protobuf.json_format import MessageToDict, Parse, ParseError
from temporalio.api.common.v1 import Payload, Payloads

from gateway.codec import EncryptionCodec
from gateway.keyring import UnknownKey


class NotPayloads(ValueError):  # noqa: N818 - it says what is the case
    """The body is not `{"payloads": [{"metadata": {…}, "data": …}]}`. The message never repeats it."""

    def __init__(self) -> None:
        super().__init__("expected JSON with `payloads`, their metadata and data in base64")


def read(raw: bytes) -> list[Payload]:
    """Raises NotPayloads."""
    try:
        return list(Parse(raw, Payloads()).payloads)
    except (ParseError, UnicodeDecodeError, RecursionError):
        raise NotPayloads from None


def write(payloads: Sequence[Payload]) -> dict[str, object]:
    """Gives a payload without data an empty `data`: readers of the answer expect the field."""
    found = MessageToDict(Payloads(payloads=payloads))
    return {"payloads": [{"metadata": {}, "data": "", **payload} for payload in found.get("payloads", ())]}


async def opened(codec: EncryptionCodec, payloads: Sequence[Payload]) -> list[Payload]:
    """Opens what can be opened. A payload whose key is missing stays sealed, so that one lost key does not hide a whole history."""
    found: list[Payload] = []
    for payload in payloads:
        try:
            found += await codec.decode([payload])
        except UnknownKey:
            found.append(payload)
    return found
