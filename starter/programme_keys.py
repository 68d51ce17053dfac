"""What may be at each place of a programme file, as the models say: for suggestions, and to tell durations from mappings."""

from __future__ import annotations

import types
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from mentorship.duration import Duration
from mentorship.programme import Programme
from starter.yaml_document import Key, KeyPath


def keys_at(path: KeyPath) -> tuple[str, ...]:
    """The keys that a mapping at `path` may have; none if no mapping belongs there."""
    return tuple(dict.fromkeys(name for model in models_at(path) for name in fields(model)))


def is_duration(path: KeyPath) -> bool:
    return Duration in _types_at(path)


def models_at(path: KeyPath) -> tuple[type[BaseModel], ...]:
    return tuple(kind for kind in _types_at(path) if isinstance(kind, type) and issubclass(kind, BaseModel) and kind is not Duration)


def fields(model: type[BaseModel]) -> dict[str, Any]:
    return {info.alias or name: info for name, info in model.model_fields.items()}


@cache
def _types_at(path: KeyPath) -> tuple[Any, ...]:
    found: tuple[Any, ...] = (Programme,)
    for key in path:
        found = tuple(inner for kind in found for inner in _inside(kind, key))
    return found


def _inside(kind: Any, key: Key) -> tuple[Any, ...]:
    if isinstance(key, int):
        arguments = get_args(kind) if get_origin(kind) is tuple else ()
        if arguments[-1:] == (Ellipsis,):
            return _plain(arguments[0])
        return _plain(arguments[key]) if key < len(arguments) else ()
    if isinstance(kind, type) and issubclass(kind, BaseModel) and key in (known := fields(kind)):
        return _plain(known[key].annotation)
    return ()


def _plain(annotation: Any) -> tuple[Any, ...]:
    """The alternatives of an annotation, without whatever only adds bounds to them."""
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    if get_origin(annotation) in {Union, types.UnionType}:
        return tuple(kind for part in get_args(annotation) for kind in _plain(part))
    return (annotation,)
