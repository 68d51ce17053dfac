"""What `MENTORSHIP_DATABASE_URL` may contain, how Postgres' driver gets it, and the message when the database does not answer.

The parameters after the `?` have the names that Postgres' own programs use, so that one URL serves both `pg_dump` and us. Unknown ones are
refused, since a misspelt `sslmode` would otherwise mean no TLS.
"""

from __future__ import annotations

import os
import re
import sqlite3
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from asyncpg.exceptions import ClientConfigurationError  # type: ignore[import-untyped]  # it ships no types
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from records.errors import DatabaseUnusable

SETTING = "MENTORSHIP_DATABASE_URL"
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}

_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_WHERE = ("host", "port", "user", "password")
_TLS = ("sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "ssl_min_protocol_version", "sslnegotiation")
_FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
_SESSION = ("application_name", "options", "target_session_attrs", "passfile")
_POOLED = "prepared_statement_cache_size"
"""With 0 no prepared statement outlives its transaction, as needed with a pooler that gives each transaction another connection."""
_KNOWN = (*_WHERE, *_TLS, *_SESSION, _POOLED)
_PORTS = range(1, 65536)
_NAME = re.compile(r"[a-z_]{1,40}")

_WHY = {
    "28": "it refuses this login",
    "3D": "it has no such database",
    "42501": "this login lacks a right there",
    "53": "it takes no more connections, or has no room left",
    "26": f"a pooler before it needs ?{_POOLED}=0",
    "42P05": f"a pooler before it needs ?{_POOLED}=0",
    "08P01": f"it and we speak past each other; a pooler before it needs ?{_POOLED}=0",
}
"""By the beginning of Postgres' error code."""


def parse(url: str) -> URL:
    """The URL with the driver that we use, from `sqlite:///file` or `postgresql://…`. Raises DatabaseUnusable, which never repeats the URL."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise DatabaseUnusable(f"{SETTING}: this is no database URL; expected sqlite:///file or postgresql://user@host:port/name") from None
    driver = _DRIVERS.get(parsed.drivername.partition("+")[0])
    if driver is None:
        raise DatabaseUnusable(f"{SETTING}: expected a database URL that begins with sqlite:/// or postgresql://")
    if driver.startswith("postgresql"):
        if any("@" in part for part in (parsed.host or "", parsed.database or "", url.partition("?")[2])):
            raise DatabaseUnusable(f"{SETTING}: expected the special characters of a user or password percent-encoded, @ as %40")
        parsed = _checked(parsed).set(drivername=driver)
        _refuse_addresses(parsed)
        return parsed
    if parsed.query:
        raise DatabaseUnusable(f"{SETTING}: a file takes no parameters behind the ?")
    if parsed.database in (None, "", ":memory:"):
        raise DatabaseUnusable(f"{SETTING}: this names no file, and what is in memory only is lost; expected sqlite:///file")
    return parsed.set(drivername=driver)


def file_of(url: URL) -> Path | None:
    """SQLite's file; None for a server."""
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def of_file(path: Path) -> str:
    """The URL of a SQLite file, even if its folders' names contain characters that mean something in a URL."""
    return f"sqlite+aiosqlite:///{str(path).replace('%', '%25').replace('?', '%3F')}"


def _checked(url: URL) -> URL:
    """Normalises the parameters after the `?` to one name each; other drivers' URLs write `sslmode` as `ssl`."""
    query = {"sslmode" if name == "ssl" else name: value for name, value in url.query.items()}
    for name, value in query.items():
        if name not in _KNOWN:
            named = f"`{name}`" if _NAME.fullmatch(name) else "something behind the ?"
            raise DatabaseUnusable(f"{SETTING}: {named} is not known here; expected some of {', '.join(sorted(_KNOWN))}")
        if not isinstance(value, str) and name != "host":
            raise DatabaseUnusable(f"{SETTING}: `{name}` stands there twice")
    if query.get("sslmode", _MODES[0]) not in _MODES:
        raise DatabaseUnusable(f"{SETTING}: expected sslmode to be one of {', '.join(_MODES)}")
    if not str(query.get(_POOLED, "0")).isdecimal():
        raise DatabaseUnusable(f"{SETTING}: expected {_POOLED} to be a whole number")
    return url.set(query=query)


def _refuse_addresses(url: URL) -> None:
    """Refuses invalid hosts and ports, wherever they are written: the driver would fail on them in ways of its own."""
    try:
        _, options = url.get_dialect()().create_connect_args(url)
        host, port = options.get("host", ()), options.get("port", ())
        for one in [host] if isinstance(host, str) else host:
            if one is not None and "/" not in one:
                one.encode("idna")
        usable = all(one is None or one in _PORTS for one in ([port] if isinstance(port, int) else port))
    except (ArgumentError, UnicodeError):
        usable = False
    if not usable:
        raise DatabaseUnusable(f"{SETTING}: expected hosts, and ports from 1 to 65535, for several as in ?host=a:5432&host=b:5432")


def tell_driver(_dialect: object, _record: object, _arguments: object, options: dict[str, Any]) -> None:
    """An engine's `do_connect`: passes the parameters after the `?` to Postgres' driver.

    Each prepared statement gets a name that no other connection uses. Behind a pooler that hands connections on, a name from the driver's own
    counter would find another client's statement, and execute that.
    """
    said = {name: options.pop(name) for name in (*_TLS, *_SESSION) if name in options}
    if said:
        options["dsn"] = f"postgresql://?{urlencode(said)}"
    if options.get(_POOLED) == 0:
        options["statement_cache_size"] = 0
    options["prepared_statement_name_func"] = lambda: f"m_{uuid4().hex}"


def out_of_reach(url: URL, error: BaseException | None = None) -> str:
    """Which database it is, why it failed as far as `error` tells, and which setting names it; never who logs in there, nor with what."""
    why = _barred(path) if (path := file_of(url)) is not None else None
    if isinstance(error, OSError) and (lacking := _lacks_a_file(url)):
        why = f"the file that {lacking} names cannot be read"
    why = why or reason(error) or _as_sqlite_has_it(error)
    return f"the database at {where(url)} cannot be reached{f': {why}' if why else ''}; see {SETTING}"


def _as_sqlite_has_it(error: BaseException | None) -> str | None:
    """SQLite's own words, which are about the file and its lock. A server's may say who logs in."""
    cause = getattr(error, "orig", None) or error
    return str(cause) if isinstance(cause, sqlite3.OperationalError) else None


def where(url: URL) -> str:
    """The hosts and the database's name, or the file: the part of a URL that may be shown."""
    asked = url.query.get("host", ())
    hosts = [f"{url.host}:{url.port}" if url.port else url.host] if url.host else [asked] if isinstance(asked, str) else asked
    return "/".join(part for part in (", ".join(hosts), url.database) if part)


def _lacks_a_file(url: URL) -> str | None:
    """The parameter that names a file which cannot be read."""
    return next((name for name in _FILES if name in url.query and not os.access(str(url.query[name]), os.R_OK)), None)


def _barred(path: Path) -> str | None:
    """What this process's user may not do to SQLite's file, beside which SQLite also writes."""
    if not os.access(path.parent, os.X_OK):
        return "its folder is not there, or this user may not open it"
    if os.path.lexists(path) and not os.access(path, os.R_OK | os.W_OK):
        return "this user may not read and write it"
    return None if os.access(path.parent, os.W_OK) else "this user may not write in its folder"


def reason(error: BaseException | None) -> str | None:
    """Why a database did not do what it was asked, if that says what to change; None for everything else, above all for outages."""
    cause = getattr(error, "orig", None) or error
    code = str(getattr(cause, "sqlstate", None) or "")
    if isinstance(cause, ssl.SSLCertVerificationError):
        return "its certificate is not what sslmode asks for"
    if isinstance(cause, ssl.SSLError | ClientConfigurationError) or (isinstance(cause, ConnectionError) and "SSL" in str(cause)):
        return "TLS, as sslmode asks for it, does not come about"
    return next((why for beginning, why in _WHY.items() if code.startswith(beginning)), None)
