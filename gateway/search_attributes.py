"""Checks which of our search attributes (`wire/search_attributes.py`) a namespace has, and adds the missing ones."""

from __future__ import annotations

from datetime import timedelta

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from wire.search_attributes import ALL

_TIMEOUT = timedelta(seconds=10)


class SearchAttributesDiffer(Exception):  # noqa: N818 - it says what is the case
    """The namespace has one of our attributes with another type. Temporal cannot change that; an operator has to remove it."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(f"search attributes with another type than ours: {', '.join(names)}")
        self.names = names


async def missing(client: Client) -> tuple[str, ...]:
    """The names of ours that this namespace lacks. Raises SearchAttributesDiffer, or RPCError when the server cannot be asked."""
    response = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace=client.namespace), timeout=_TIMEOUT)
    there = response.custom_attributes
    wrong = tuple(key.name for key in ALL if key.name in there and int(there[key.name]) != int(key.indexed_value_type))
    if wrong:
        raise SearchAttributesDiffer(wrong)
    return tuple(key.name for key in ALL if key.name not in there)


async def register(client: Client) -> tuple[str, ...]:
    """Adds what is missing and returns its names. Call it first: workflows that upsert an unregistered attribute hang. A repeat does nothing."""
    try:
        lacking = set(await missing(client))
    except RPCError as error:
        if error.status != RPCStatusCode.UNIMPLEMENTED:  # the time-skipping test server cannot list
            raise
        lacking = {key.name for key in ALL}
    wanted = {key.name: IndexedValueType.ValueType(int(key.indexed_value_type)) for key in ALL if key.name in lacking}
    if wanted:
        try:
            await client.operator_service.add_search_attributes(
                AddSearchAttributesRequest(namespace=client.namespace, search_attributes=wanted), timeout=_TIMEOUT
            )
        except RPCError as error:
            if error.status != RPCStatusCode.ALREADY_EXISTS:  # two processes started together
                raise
    return tuple(sorted(wanted))
