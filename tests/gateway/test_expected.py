"""A refusal tells the sender what was expected, in one style, and does not repeat what they wrote."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import pytest
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from gateway.expected import expected


class _Cat(BaseModel):
    kind: Literal["cat"]


class _Dog(BaseModel):
    kind: Literal["dog"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    number: Annotated[int, Field(ge=1, le=9)] = 1
    share: Annotated[float, Field(gt=0)] = 1.0
    name: Annotated[str, Field(min_length=1, max_length=3, pattern="^[a-z]*$")] = "a"
    held: bool = True
    choice: Literal["one", "two"] = "one"
    several: Annotated[tuple[int, ...], Field(min_length=1, max_length=2)] = (1,)
    inner: _Cat | None = None
    pet: Annotated[_Cat | _Dog, Field(discriminator="kind")] = _Cat(kind="cat")
    at: AwareDatetime | None = None


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"number": "canary"}, "expected a whole number"),
        ({"number": 0}, "expected at least 1"),
        ({"number": 10}, "expected at most 9"),
        ({"share": "canary"}, "expected a number"),
        ({"share": 0}, "expected more than 0"),
        ({"name": 1}, "expected a text"),
        ({"name": ""}, "expected a text of at least 1"),
        ({"name": "canary"}, "expected a text of at most 3"),
        ({"name": "A"}, "expected what fits ^[a-z]*$"),
        ({"held": "canary"}, "expected true or false"),
        ({"choice": "canary"}, "expected 'one' or 'two'"),
        ({"several": []}, "expected 1 or more"),
        ({"several": [1, 2, 3]}, "expected at most 2"),
        ({"several": "canary"}, "expected a JSON list"),
        ({"inner": "canary"}, "expected a JSON object"),
        ({"inner": {}}, "nothing, expected a value"),
        ({"pet": {"kind": "canary"}}, "expected one of 'cat', 'dog'"),
        ({"pet": {}}, "expected a JSON object with 'kind'"),
        ({"at": "2027-03-10T09:00:00"}, "expected an instant with a zone, such as 2027-03-10T09:00:00Z"),
        ({"canary": 1}, "unknown, expected nothing of this name"),
    ],
)
def test_what_was_expected_is_told_and_what_was_there_is_not(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        _Model.model_validate_json(json.dumps(given))
    [problem] = caught.value.errors(include_input=False, include_url=False)
    assert expected(problem) == told


def test_what_is_no_json_is_told_to_be_none() -> None:
    with pytest.raises(ValidationError) as caught:
        _Model.model_validate_json("canary")
    [problem] = caught.value.errors(include_input=False, include_url=False)
    assert expected(problem) == "expected JSON"
