"""What Temporal sees, and what becomes of anything that it should not have seen (H12)."""

from __future__ import annotations

import asyncio
import traceback
import uuid
from datetime import UTC, datetime
from typing import get_args

import pytest
from pydantic import BaseModel
from temporalio import workflow
from temporalio.api.common.v1 import Payload, Payloads, WorkflowExecution
from temporalio.api.failure.v1 import Failure
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from gateway.codec import EncryptionCodec
from gateway.connect import connect
from gateway.converter import NotOurs, SealingFailureConverter, data_converter
from gateway.keyring import Keyring, UnknownKey
from gateway.settings import Settings
from mentorship.commands import (
    Attendance,
    CancelMeeting,
    CancelReason,
    EndWish,
    Feedback,
    Pins,
    ReportMeeting,
    SubmitPrivately,
    SurveyAnswers,
    SurveyItem,
)
from records.errors import RecordsUnavailable
from wire.label import Label

PLAIN = Payload(metadata={"encoding": b"json/plain", "messageType": b"x"}, data=b'"canary-58311"')


async def seal(keyring):
    [sealed] = await EncryptionCodec(keyring).encode([PLAIN])
    return sealed


async def opened(keyring, payload):
    [found] = await EncryptionCodec(keyring).decode([payload])
    return found


HEAD = {"message_id": f"page:{'w' * 10}:{'m' * 22}", "by": f"p-{'a' * 16}", "at": datetime(2027, 3, 1, 9, 5, 7, 123456, tzinfo=UTC)}
PRIVATE = (
    EndWish(),
    Feedback(meeting=3, note_id=f"n-{'a' * 16}", shared=False),
    Feedback(meeting=3, note_id=f"n-{'a' * 16}", shared=True),
    Pins(benefits=("mentor.1", "company.2")),
    SurveyAnswers(survey="pulse", answers={"trust": 4, "depth": 3}),
    SurveyAnswers(survey="closing", answers=dict.fromkeys(get_args(SurveyItem), 4)),
)


@pytest.mark.parametrize(
    "alike",
    [
        [CancelMeeting(**HEAD, meeting=3, reason=reason) for reason in get_args(CancelReason)],
        [SubmitPrivately(**HEAD, body=body) for body in PRIVATE],
        [ReportMeeting(**HEAD, meeting=3, held=held, attendance=Attendance(partner=partner)) for held in (True, None) for partner in (None, "absent")],
    ],
    ids=["reasons", "private", "attendance"],
)
async def test_how_long_a_sealed_message_is_tells_nothing_of_it(keyring, alike):
    """H12: Temporal shows a signal's name and, beside it, how many bytes it carried."""
    converter = data_converter(keyring)
    sealed = [(await converter.encode([message]))[0] for message in alike]
    assert len({payload.ByteSize() for payload in sealed}) == 1
    assert await converter.decode(sealed, [type(message) for message in alike]) == alike


async def test_whatever_its_length_a_payload_comes_back_to_the_byte(keyring):
    for length in (0, 1, 126, 127, 128, 380, 505, 506, 507, 508, 509, 510, 511, 512, 513, 70_000):
        payload = Payload(metadata={"encoding": b"json/plain"}, data=b"x" * length)
        (sealed,) = await EncryptionCodec(keyring).encode([payload])
        assert (await opened(keyring, sealed)).SerializeToString() == payload.SerializeToString()


async def test_a_payload_comes_back_as_it_was_and_is_readable_nowhere_in_between(keyring):
    sealed = await seal(keyring)
    assert sealed.metadata["encoding"] == b"binary/encrypted"
    assert sealed.metadata["key-id"] == keyring.active.encode()
    assert b"canary" not in sealed.SerializeToString()
    assert b"json" not in sealed.SerializeToString()
    assert await opened(keyring, sealed) == PLAIN


async def test_the_same_payload_is_never_sealed_to_the_same_bytes(keyring):
    assert (await seal(keyring)).data != (await seal(keyring)).data


async def test_no_payloads_are_no_payloads(keyring):
    assert await EncryptionCodec(keyring).encode([]) == []


async def test_a_payload_without_our_mark_is_read_as_it_is(keyring):
    assert await opened(keyring, PLAIN) == PLAIN


async def test_a_missing_key_raises_so_that_the_workflow_waits(keyring, tmp_path):
    sealed = await seal(keyring)
    with pytest.raises(UnknownKey):
        await opened(Keyring.generate(tmp_path / "other.json"), sealed)


async def test_an_older_key_still_opens(keyring):
    sealed = await seal(keyring)
    rotated = Keyring("k-new", {"k-new": bytes(32), keyring.active: keyring._keys[keyring.active]}, bytes(32))
    assert await opened(rotated, sealed) == PLAIN
    assert (await seal(rotated)).metadata["key-id"] == b"k-new"


async def test_a_wrong_key_under_a_known_id_hands_the_payload_on(keyring):
    sealed = await seal(keyring)
    assert await opened(Keyring(keyring.active, {keyring.active: bytes(32)}, bytes(32)), sealed) == sealed


@pytest.mark.parametrize("at", [0, 11, 12, 40, -1])
async def test_a_tampered_payload_is_handed_on_also_where_its_key_is_unknown(at, keyring, tmp_path):
    sealed = await seal(keyring)
    changed = bytearray(sealed.data)
    changed[at] ^= 1
    forged = Payload(metadata=sealed.metadata, data=bytes(changed))
    assert await opened(keyring, forged) == forged
    assert await opened(Keyring.generate(tmp_path / "other.json"), forged) == forged, "no key would ever come that opens it"


async def test_a_payload_sealed_for_another_key_id_does_not_open_under_this_one(keyring):
    two = Keyring("k2", {"k1": bytes(32), "k2": bytes(32)}, bytes(32))
    sealed = await seal(two)
    relabelled = Payload(metadata={**sealed.metadata, "key-id": b"k1"}, data=sealed.data)
    assert await opened(two, relabelled) == relabelled


@pytest.mark.parametrize("data", [b"", b"x" * 27, b"x" * 28, b'{"by": "me"}'])
@pytest.mark.parametrize("named", [True, False])
async def test_a_payload_marked_by_hand_is_handed_on(data, named, keyring):
    forged = Payload(metadata={"encoding": b"binary/encrypted", **({"key-id": keyring.active.encode()} if named else {})}, data=data)
    assert await opened(keyring, forged) == forged


class Words(BaseModel):
    words: str = ""


@workflow.defn
class Listener:
    def __init__(self) -> None:
        self.heard: list[str] = []

    @workflow.run
    async def run(self, words: Words) -> Words:
        await workflow.wait_condition(lambda: "end" in self.heard)
        if words.words.startswith("fail"):
            raise ApplicationError("canary-58311 failed", words)
        return Words(words=",".join(self.heard))

    @workflow.signal
    def say(self, words: Words) -> None:
        self.heard.append(words.words)


@pytest.fixture
async def client(server, keyring, monkeypatch):
    monkeypatch.setenv("TEMPORAL_ADDRESS", server)
    return await connect(Settings.load(), keyring)


async def _started(client, words):
    queue = str(uuid.uuid4())
    return queue, await client.start_workflow(Listener.run, Words(words=words), id=f"w-{queue}", task_queue=queue)


def _worker(client, queue):
    return Worker(client, task_queue=queue, workflows=[Listener], workflow_runner=UnsandboxedWorkflowRunner())


async def test_a_hand_marked_signal_is_dropped_and_the_workflow_goes_on(client, keyring):
    queue, handle = await _started(client, "canary-58311")
    forged = Payload(metadata={"encoding": b"binary/encrypted", "key-id": keyring.active.encode()}, data=b"x" * 60)
    request = SignalWorkflowExecutionRequest(
        namespace=client.namespace,
        workflow_execution=WorkflowExecution(workflow_id=handle.id),
        signal_name="say",
        input=Payloads(payloads=[forged]),
    )
    await client.workflow_service.signal_workflow_execution(request)
    for words in ("hello", "end"):
        await handle.signal(Listener.say, Words(words=words))
    async with _worker(client, queue):
        result = await asyncio.wait_for(handle.result(), 20)
    assert result.words == "hello,end"


async def test_inputs_results_and_failures_are_unreadable_in_the_history(client):
    for words in ("canary-58311", "fail canary-58311"):
        queue, handle = await _started(client, words)
        await handle.signal(Listener.say, Words(words="end"))
        async with _worker(client, queue):
            if words.startswith("fail"):
                with pytest.raises(WorkflowFailureError) as caught:
                    await handle.result()
                assert isinstance(caught.value.cause, ApplicationError)
                assert caught.value.cause.message == "canary-58311 failed", "whoever has the keys reads it all"
            else:
                await handle.result()
        history = await handle.fetch_history()
        for event in history.events:
            assert b"canary" not in event.SerializeToString()
            assert b"canary-58311 failed" not in event.SerializeToString()


async def _failed_a_task(handle):
    return any(event.HasField("workflow_task_failed_event_attributes") for event in (await handle.fetch_history()).events)


async def test_a_workflow_whose_key_is_gone_waits_and_goes_on_when_it_is_back(client, server, tmp_path):
    queue, handle = await _started(client, "words")
    await handle.signal(Listener.say, Words(words="end"))
    stranger = await connect(Settings.load(), Keyring.generate(tmp_path / "other.json"))
    async with _worker(stranger, queue):
        async with asyncio.timeout(20):
            while not await _failed_a_task(handle):  # noqa: ASYNC110 - the server has no event to wait for
                await asyncio.sleep(0.05)
    async with _worker(client, queue):
        result = await asyncio.wait_for(handle.result(), 30)
    assert result.words == "end"


def test_the_converter_seals_failures_too(keyring):
    converter = data_converter(keyring)
    assert isinstance(converter.failure_converter, SealingFailureConverter)
    assert converter.failure_converter._encode_common_attributes
    assert isinstance(converter.payload_codec, EncryptionCodec)


@pytest.mark.parametrize(("problem", "readable"), [(UnknownKey("k-58311"), True), (ValueError("canary k-58311"), False)])
async def test_of_failures_only_which_key_is_missing_can_be_read_without_one(problem, readable, keyring):
    failure = Failure()
    await data_converter(keyring).encode_failure(problem, failure)
    assert ("k-58311" in failure.message) is readable
    assert ("k-58311" in str(failure)) is readable


async def test_whoever_opens_a_failure_reads_our_words_and_of_a_librarys_error_its_kind_and_place(keyring):
    """H12: admins open failures in the UI and on the command line, and a library's message repeats what it was given."""
    name = "Mia canary-" + "58311"
    try:
        try:
            int(name)
        except ValueError as quoting:
            raise RecordsUnavailable("the database cannot be reached") from quoting
    except RecordsUnavailable as error:
        foreseen = error
    converter, failure = data_converter(keyring), Failure()
    await converter.encode_failure(foreseen, failure)
    payload = (await EncryptionCodec(keyring).decode([failure.cause.encoded_attributes]))[0]
    assert b"canary-58311" not in payload.data
    assert b"test_codec.py" in payload.data, "where it was"
    told = await converter.decode_failure(failure)
    assert isinstance(told, ApplicationError)
    assert isinstance(told.__cause__, ApplicationError)
    assert (told.message, told.__cause__.type) == ("the database cannot be reached", "ValueError")


async def test_labels_for_admins_stay_readable_and_nothing_else_does(keyring):
    """H12: a timer's summary is our own text; whatever anybody sent is sealed."""
    converter = data_converter(keyring)
    label, words = await converter.encode([Label("Next: prepare meeting 3"), "Next: prepare meeting 3"])
    assert label.data == b'"Next: prepare meeting 3"'
    assert b"prepare" not in words.data
    assert await converter.decode([label, words]) == ["Next: prepare meeting 3"] * 2
    card = Payload(metadata={"encoding": b"json/protobuf", "messageType": b"temporal.api.sdk.v1.WorkflowMetadata"}, data=b'{"definition": {}}')
    assert await EncryptionCodec(keyring).encode([card]) == [card], "what the UI asks a workflow for"


@pytest.mark.parametrize(
    ("expected", "data"),
    [
        (CancelMeeting, b'{"meeting": "canary-58311"}'),
        (CancelMeeting, b'{"meeting": 1, "reason": "canary-58311"}'),
        (CancelMeeting, b'"canary-58311"'),
        (CancelMeeting, b"canary-58311"),
        (SurveyAnswers, b'{"answers": {"canary-58311": "canary-58311"}}'),
    ],
)
async def test_what_has_another_shape_than_expected_is_quoted_in_no_error(expected, data, keyring):
    """H12: the SDK logs why it dropped a signal, with a traceback, and by then the signal is opened."""
    sealed = await EncryptionCodec(keyring).encode([Payload(metadata={"encoding": b"json/plain"}, data=data)])
    with pytest.raises(NotOurs, match=rf"{expected.__name__}: .*(int_parsing|literal_error|model_type|json_invalid)") as raised:
        await data_converter(keyring).decode(sealed, [expected])
    assert "canary-58311" not in "".join(traceback.format_exception(raised.value))
