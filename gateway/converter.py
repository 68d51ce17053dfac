"""How values become payloads: pydantic JSON, then sealed. Failures are sealed too: otherwise Temporal would show their messages and stack traces."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import DataConverter, DefaultFailureConverter, DefaultFailureConverterWithEncodedAttributes, PayloadConverter
from temporalio.exceptions import ApplicationError, FailureError

from gateway.codec import READABLE, EncryptionCodec
from gateway.keyring import Keyring, UnknownKey
from gateway.own_words import own_words
from wire.label import Label


class NotOurs(ValueError):  # noqa: N818 - it says what is wrong, as the other packages' errors do
    """What came does not have the expected shape. The message names fields and kinds, never values, since the SDK logs it with its trace (H12)."""

    def __init__(self, problem: ValidationError) -> None:
        found = problem.errors(include_input=False, include_context=False, include_url=False)
        told = (" ".join([*map(str, one["loc"][:1]), one["type"]]) for one in found)  # deeper down, a place may be a key that somebody wrote
        super().__init__(f"{problem.title}: {'; '.join(told)}")


class LabellingPayloadConverter(PydanticPayloadConverter):
    """Pydantic JSON; a Label is marked, so that the codec leaves it readable for the Temporal UI."""

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[type] | None = None) -> list[Any]:
        """Raises NotOurs."""
        try:
            return super().from_payloads(payloads, type_hints)
        except ValidationError as problem:
            told = NotOurs(problem)
        raise told  # outside the handler, so that it has no context: a trace would show what pydantic quotes

    def to_payloads(self, values: Sequence[Any]) -> list[Payload]:
        return [_label(value) if isinstance(value, Label) else super(LabellingPayloadConverter, self).to_payloads([value])[0] for value in values]


class SealingFailureConverter(DefaultFailureConverterWithEncodedAttributes):
    """Seals all failures but UnknownKey: whoever lacks a key could not read in a sealed one which key is missing.

    Admins open failures (webhook/codec), so these say only what logs say: for a library's error, its kind and its place (H12).
    """

    def to_failure(self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure) -> None:
        """An UnknownKey tells only a key's id, which every sealed payload shows anyway."""
        if isinstance(exception, UnknownKey):
            DefaultFailureConverter().to_failure(exception, payload_converter, failure)
        elif isinstance(exception, FailureError):
            super().to_failure(exception, payload_converter, failure)
        else:
            told = ApplicationError(own_words(exception), type=type(exception).__name__)
            told.__cause__ = exception.__cause__
            super().to_failure(told.with_traceback(exception.__traceback__), payload_converter, failure)


def _label(text: Label) -> Payload:
    return Payload(metadata={"encoding": b"json/plain", READABLE: b"label"}, data=json.dumps(text, ensure_ascii=False).encode())


def data_converter(keyring: Keyring) -> DataConverter:
    """The one converter that every client, worker and replayer of this service uses."""
    return DataConverter(
        payload_converter_class=LabellingPayloadConverter,
        payload_codec=EncryptionCodec(keyring),
        failure_converter_class=SealingFailureConverter,
    )
