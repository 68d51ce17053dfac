"""What a mail address looks like, wherever one comes in (people files, HR's events, forms), and when two of them are the same."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import idna

_ADDRESS = re.compile(r"[^\s@<>(),;:\"\[\]\\]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W_](?:[\w-]{0,61}[^\W_])?")


def is_address(text: str) -> bool:
    """Whether mail could be sent there, judged by the form alone. The part before the `@` must be visible ASCII, since few servers accept anything else."""
    local, _, domain = text.rpartition("@")
    shaped = len(text) <= 254 and _ADDRESS.fullmatch(text) is not None and ".." not in text and not text.startswith((".", "=?")) and ".@" not in text
    return shaped and local.isascii() and local.isprintable() and _ascii(domain).isascii()


def normal_form(address: str) -> str:
    """The same for every way to write one address: in lower case, composed, with the domain in ASCII as browsers send it.

    A domain that has no ASCII form stays as it is. Empty if there is nothing to compare.
    """
    local, at, domain = unicodedata.normalize("NFC", address.strip()).rpartition("@")
    return f"{local.casefold()}{at}{_ascii(domain)}"


@lru_cache(maxsize=64)  # a company has a few domains, and thousands of addresses
def _ascii(domain: str) -> str:
    """`bücher.example` as `xn--bcher-kva.example`; a domain without such a form only in lower case."""
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError:
        return domain.casefold()


def earlier_form(address: str) -> str:
    """How addresses were found before there was `normal_form`, when the domain was kept as people write it."""
    local, at, domain = normal_form(address).rpartition("@")
    try:
        return f"{local}{at}{idna.decode(domain).casefold()}"
    except UnicodeError:
        return f"{local}{at}{domain}"
