"""schemathesis tests the whole OpenAPI document: no 5xx, nothing undocumented, over HTTP and on real records and Temporal."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import itertools
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as cases_of
from hypothesis import strategies as st
from pydantic import SecretStr
from requests.auth import AuthBase
from ruamel.yaml import YAML
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import content_type_conformance, response_headers_conformance, response_schema_conformance, status_code_conformance

from mentorship.programme import Programme

LEAST = 2000
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance, response_schema_conformance]
KNOWN = {"cohort": "spring-2027", "pair": "pair-7", "message_id": "msg_1", "person_id": "ana", "person": "ana"}
"""Path parameters that exist. Half of the cases use them, so that requests get past the door and do not only knock."""


class Signed(AuthBase):
    """Signs whatever is sent, as Standard Webhooks says."""

    def __init__(self, secret: str) -> None:
        self._key = base64.b64decode(secret.removeprefix("whsec_"))
        self._numbers = itertools.count(1)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        assert isinstance(body, str | bytes)
        raw = body.encode() if isinstance(body, str) else body
        message_id, at = f"fuzz_{next(self._numbers)}", str(int(time.time()))
        digest = hmac.new(self._key, f"{message_id}.{at}.".encode() + raw, hashlib.sha256).digest()
        signature = f"v1,{base64.b64encode(digest).decode()}"
        request.headers.update({"webhook-id": message_id, "webhook-timestamp": at, "webhook-signature": signature})
        return request


@pytest.fixture
def settings(settings):
    """Limits as wide as they go, so that a refusal is about the content and not about the rate."""
    everything = settings.webhook_secrets["everything"].model_copy(update={"scope": ("*", "people:*")})
    return settings.model_copy(
        update={
            "webhook_rate": 1e6,
            "webhook_burst": 10**6,
            "webhook_receipt_timeout": 0.05,  # no worker answers here
            "link_secrets": (SecretStr("s" * 40),),
            "webhook_secrets": {"everything": everything},
        }
    )


@pytest_asyncio.fixture
async def programme(records) -> None:
    """The programme of the pair's cohort."""
    written = YAML(typ="safe").load(Path(__file__).parents[2] / "examples" / "engineering-2027.yaml")
    written["programme"] |= {"id": "p", "version": 1}
    await records.programmes.put(Programme.model_validate(written))


def knock(url: str, secret: str) -> Counter[str]:
    """Tests every operation and counts cases by operation and status. Raises with what schemathesis found wrong, and how to repeat it."""
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    operations = [found.ok() if isinstance(found, Ok) else pytest.fail(str(found.err())) for found in schema.get_all_operations()]
    each = 1 + LEAST // sum(bool(operation.path_parameters) for operation in operations)  # the others have few cases
    told: Counter[str] = Counter()
    signed = Signed(secret)
    with requests.Session() as session:
        for operation in operations:

            @cases_of(max_examples=each, derandomize=True, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
            @given(case=operation.as_strategy(), known=st.booleans(), sign=st.sampled_from([True, True, True, False]))
            def cases(case: schemathesis.Case[Any], known: bool, sign: bool) -> None:
                if known:
                    case.path_parameters.update({name: KNOWN[name] for name in case.path_parameters if name in KNOWN})
                    if isinstance(case.body, dict) and "by" in case.body:
                        case.body["by"] = "ana"
                answer = case.call(session=session, auth=signed if sign else None)
                case.validate_response(answer, checks=CHECKS)
                told[f"{case.method} {case.operation.path} {answer.status_code}"] += 1

            cases()
    return told


@pytest.mark.timeout(300)
async def test_no_request_makes_the_hook_fail_or_say_what_it_does_not_document(served, settings, programme, running):
    secret = settings.webhook_secrets["everything"].secret.get_secret_value()

    told = await asyncio.to_thread(knock, served, secret)

    assert sum(told.values()) >= LEAST
    reached = {path for path in told if path.endswith(" 202")}
    assert reached, "some of it has to come in"
