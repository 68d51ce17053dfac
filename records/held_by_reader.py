"""Who reads what is held about somebody: the person or an operator. The table of visibility decides what each gets (H12, P8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from mentorship.visibility import Thing, is_private, may_read, sight
from records.value import Value

Reader = Literal["own", "operators"]


class Withheld(Value):
    """How much the reader may not read and the person may. Of what the table does not let the reader know at all there is no count either."""

    texts: int = Field(description="Texts that the person wrote: goals, steps towards them, feedback.")
    facts: int = Field(description="Lines of the journal and mails about what is private: surveys, what matters to them, reasons, what counts against them.")


@dataclass
class Eyes:
    """Decides about everything that is handed on, and counts what is withheld."""

    reader: Reader
    texts: int = 0
    facts: int = 0

    def may_read(self, thing: Thing) -> bool:
        """Whether the reader may read all of it, including words."""
        return may_read(self.reader, thing)

    def may_know(self, thing: Thing) -> bool:
        """Whether the reader may know at least its codes. Beside a name, the codes of private things are only for the person."""
        return sight(self.reader, thing) != "no" and (self.may_read(thing) or not is_private(thing))

    def take_fact(self, thing: Thing) -> bool:
        """Like `may_know`; counts what is withheld, unless the reader may not even know that there is such a thing."""
        known = self.may_know(thing)
        if not known and sight(self.reader, thing) != "no":
            self.facts += 1
        return known

    def take_text(self, thing: Thing) -> bool:
        """Like `may_read`; counts what is withheld."""
        read = self.may_read(thing)
        if not read and sight(self.reader, thing) != "no":
            self.texts += 1
        return read

    @property
    def withheld(self) -> Withheld:
        return Withheld(texts=self.texts, facts=self.facts)
