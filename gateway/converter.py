"""How values become payloads: pydantic JSON, then sealed; failures too, whose messages and stack traces Temporal shows otherwise."""

from __future__ import annotations

from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes

from gateway.codec import EncryptionCodec
from gateway.keyring import Keyring


def data_converter(keyring: Keyring) -> DataConverter:
    """The one converter that every client, worker and replayer of this service uses."""
    return DataConverter(
        payload_converter_class=PydanticPayloadConverter,
        payload_codec=EncryptionCodec(keyring),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
