"""Commands whose modules are loaded only when they are chosen. A help page, or an answer to a misspelt word, names all commands but needs no module."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand
from typer.main import get_command

from gateway.starting import loading


class OnDemand(TyperCommand):
    """Represents the command of the function at `place` in its group, with its name and the first line of its help."""

    place: ClassVar[str]

    def make_context(self, *arguments: Any, **more: Any) -> Any:
        """It was chosen: from here on the command itself reads its arguments, shows its help and runs."""
        return self.loaded().make_context(*arguments, **more)

    def loaded(self) -> Any:
        """The command itself."""
        module, _, function = self.place.partition(":")
        with loading():
            command = getattr(import_module(module), function)
        alone = typer.Typer(add_completion=False)
        alone.command(self.name)(command)
        return get_command(alone)


def on_demand(group: typer.Typer, commands: Mapping[str, str]) -> None:
    """Adds the commands of these functions (`module:function`) to a group, each with its function's name and the first line of its help."""
    for place, first_line in commands.items():
        name = place.partition(":")[2].replace("_", "-")
        group.command(name, cls=_standing_for(place), help=first_line)(_never)


def _standing_for(at: str) -> type[OnDemand]:
    class Standing(OnDemand):
        place = at

    return Standing


def _never() -> None:
    """Typer wants a function here. It never runs: the command that was loaded does."""
