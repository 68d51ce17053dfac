"""How values become payloads: pydantic JSON, then sealed; failures too, whose messages and stack traces Temporal shows otherwise."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes

from gateway.codec import READABLE, EncryptionCodec
from gateway.keyring import Keyring
from mentorship.label import Label


class LabellingPayloadConverter(PydanticPayloadConverter):
    """Pydantic JSON; a Label is marked, so that the codec leaves it readable for the Temporal UI."""

    def to_payloads(self, values: Sequence[Any]) -> list[Payload]:
        return [_label(value) if isinstance(value, Label) else super(LabellingPayloadConverter, self).to_payloads([value])[0] for value in values]


def _label(text: Label) -> Payload:
    return Payload(metadata={"encoding": b"json/plain", READABLE: b"label"}, data=json.dumps(text, ensure_ascii=False).encode())


def data_converter(keyring: Keyring) -> DataConverter:
    """The one converter that every client, worker and replayer of this service uses."""
    return DataConverter(
        payload_converter_class=LabellingPayloadConverter,
        payload_codec=EncryptionCodec(keyring),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
