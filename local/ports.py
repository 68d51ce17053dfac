"""Addresses on this machine only. `run` has fixed ports, since people write them down; the demo uses free ones."""

from __future__ import annotations

import socket
from dataclasses import dataclass, fields

from local.trouble import Trouble

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Ports:
    temporal: int = 7233
    ui: int = 8233
    web: int = 8080
    smtp: int = 1025
    mailbox: int = 8025
    codec: int = 8234

    @property
    def address(self) -> str:
        return f"{HOST}:{self.temporal}"

    @property
    def ui_url(self) -> str:
        return f"http://{HOST}:{self.ui}"

    @property
    def web_url(self) -> str:
        return f"http://{HOST}:{self.web}"

    @property
    def codec_url(self) -> str:
        return f"http://{HOST}:{self.codec}"

    @property
    def mailbox_url(self) -> str:
        return f"http://{HOST}:{self.mailbox}"


OPTIONS = {"temporal": "--port", "ui": "--ui-port", "web": "--web-port", "smtp": "--smtp-port", "mailbox": "--mailbox-port", "codec": "--codec-port"}
"""The command-line option that sets each port."""

_KNOWN = range(1, 65536)


def refuse_taken(ports: Ports) -> None:
    """Raises Trouble, which names every port that is invalid or in use, and the option that sets another."""
    numbers = [port for _, port in each(ports)]
    if wrong := [
        f"  {OPTIONS[name]} {port}: expected 1 to 65535, each port once" for name, port in each(ports) if port not in _KNOWN or numbers.count(port) > 1
    ]:
        raise Trouble("\n".join(["these ports cannot be:", *wrong]))
    taken = [f"  {name}: port {port} is {why}; choose another with {OPTIONS[name]}" for name, port in each(ports) if (why := _in_the_way(port))]
    if taken:
        raise Trouble("\n".join([f"cannot listen on {HOST}:", *taken]))


def free_ports() -> Ports:
    """The usual ports if they are free, otherwise any that are."""
    chosen: dict[str, int] = {}
    for name, port in each(Ports()):
        candidate = port
        while not is_free(candidate) or candidate in chosen.values():
            candidate = _any()
        chosen[name] = candidate
    return Ports(**chosen)


def is_free(port: int) -> bool:
    return _in_the_way(port) is None


def _in_the_way(port: int) -> str | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port that was just released counts as free
        try:
            probe.bind((HOST, port))
        except PermissionError:
            return "not for this user to listen on"
        except OSError:
            return "taken"
        return None


def _any() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def each(ports: Ports) -> list[tuple[str, int]]:
    """Every port by its name."""
    return [(field.name, getattr(ports, field.name)) for field in fields(Ports)]
