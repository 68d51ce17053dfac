"""The admins' door to clear text: Temporal's remote codec protocol, for one UI and one namespace, and only with a token (H12).

A program of its own, apart from the participants' door. It holds the keyring and nothing else: no records, no mail,
no connection to Temporal. What passes through it is never written anywhere.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from importlib.resources import files
from urllib.parse import parse_qsl

import structlog
from jinja2 import Environment, StrictUndefined
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from temporalio.api.common.v1 import Payload

from gateway.codec import EncryptionCodec
from gateway.keyring import Keyring
from gateway.settings import Settings
from webhook import parsing
from webhook.codec.admission import PATH, Admission
from webhook.codec.payloads import NotPayloads, opened, read, write
from webhook.problems import Problem, on_http_error, on_problem
from webhook.watching import Meters, Watching

HEADERS = ("content-type", "x-namespace", "authorization", "authorization-extras")
"""The headers that Temporal's UI sends. It adds the last one when it has its own single sign-on; nobody here reads that."""

_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
_FORM = 4096
"""The most bytes of a sign-in."""

_log = structlog.stdlib.get_logger("webhook.codec")


class CodecDoor:
    """Answers for one namespace. Every answer but 200 is a Problem: an origin that is not the UI's, no token, too much, not payloads."""

    def __init__(self, settings: Settings, keyring: Keyring, namespace: str) -> None:
        self._codec = EncryptionCodec(keyring)
        self._namespace = namespace
        self._origins = settings.codec_origins
        self._most = settings.codec_max_body
        self._admission = Admission(settings.codec_tokens, secure=self._origins[0].startswith("https://"))
        self._page = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(
            files("webhook.codec").joinpath("page.html").read_text(encoding="utf-8")
        )

    async def decode(self, request: Request) -> Response:
        return JSONResponse(write(await opened(self._codec, await self._asked(request))))

    async def encode(self, request: Request) -> Response:
        return JSONResponse(write(await self._codec.encode(await self._asked(request))))

    async def page(self, request: Request) -> Response:
        html = self._page.render(until=self._admission.signed_in_until(request), refused="refused" in request.query_params, ui=self._origins[0])
        return HTMLResponse(html, headers=_PAGE_HEADERS)

    async def sign_in(self, request: Request) -> Response:
        """Only this page's own form may sign in; the token is in the body, never in an address."""
        self._same_origin(request)
        token = dict(parse_qsl((await parsing.read(request, _FORM)).decode("latin-1"))).get("token", "")
        if not self._admission.knows(token):
            _log.warning("sign-in refused")
            return _back("?refused")
        _log.info("signed in")
        response = _back()
        self._admission.sign_in(response, token)
        return response

    async def sign_out(self, request: Request) -> Response:
        self._same_origin(request)
        response = _back()
        self._admission.sign_out(response)
        return response

    async def _asked(self, request: Request) -> list[Payload]:
        origin = request.headers.get("origin")
        if origin is not None and origin not in self._origins:
            raise Problem(HTTPStatus.FORBIDDEN, "other-origin", "this origin is not the configured UI's")
        if not self._admission.admits(request):
            raise Problem(HTTPStatus.UNAUTHORIZED, "no-token", f"expected a bearer token, or a sign-in at {PATH}", headers={"WWW-Authenticate": "Bearer"})
        if request.headers.get("x-namespace") != self._namespace:
            raise Problem(HTTPStatus.FORBIDDEN, "other-namespace", "expected X-Namespace to name the namespace of this service")
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not-json", "expected application/json")
        try:
            return read(await parsing.read(request, self._most))
        except NotPayloads as error:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "malformed", str(error)) from None

    @staticmethod
    def _same_origin(request: Request) -> None:
        """Another site may not sign anybody in or out; a browser too old to say where a form comes from is let through."""
        if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            raise Problem(HTTPStatus.FORBIDDEN, "foreign-form", "expected the form of this page")


def create_app(settings: Settings, keyring: Keyring, namespace: str) -> Starlette:
    """Raises ValueError without a token or without the UI's origin: then there is nothing to serve, and nobody to serve it to."""
    if not settings.codec_tokens:
        raise ValueError("MENTORSHIP_CODEC_TOKENS: without a token nobody is shown clear text; expected one of at least 32 characters")
    if not settings.codec_origins:
        raise ValueError("MENTORSHIP_CODEC_ORIGINS: expected the origin of Temporal's UI, such as https://temporal.example.org")
    door = CodecDoor(settings, keyring, namespace)
    registry = CollectorRegistry()

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return Starlette(
        routes=[
            _post(f"{PATH}/decode", door.decode),
            _post(f"{PATH}/encode", door.encode),
            Route(PATH, door.page, methods=["GET"]),
            _post(f"{PATH}/sign-in", door.sign_in),
            _post(f"{PATH}/sign-out", door.sign_out),
            Route(f"{PATH}/pages.css", _stylesheet, methods=["GET"]),
            Route("/healthz", _alive, methods=["GET"]),
            Route("/metrics", metrics, methods=["GET"]),
        ],
        middleware=[
            Middleware(Watching, meters=Meters(registry, program="codec")),
            Middleware(
                CORSMiddleware,
                allow_origins=settings.codec_origins,
                allow_methods=["POST"],
                allow_headers=HEADERS,
                allow_credentials=True,
                allow_private_network=True,  # a public UI, such as Temporal Cloud's, may ask this program in a private network
            ),
        ],
        exception_handlers={Problem: on_problem, HTTPException: on_http_error},
    )


def _post(path: str, endpoint: Callable[[Request], Awaitable[Response]]) -> Route:
    return Route(path, endpoint, methods=["POST"])


def _back(told: str = "") -> Response:
    """Redirects to the page from one step below it. The address is relative, since a proxy may have put us under a path of its own."""
    return RedirectResponse(f"..{PATH}{told}", HTTPStatus.SEE_OTHER)


async def _alive(_: Request) -> Response:
    return JSONResponse({"status": "alive"})


async def _stylesheet(_: Request) -> Response:
    return Response(files("webhook").joinpath("static", "pages.css").read_bytes(), media_type="text/css")
