"""What all pages behind links share within a process."""

from __future__ import annotations

from dataclasses import dataclass

from records.store import Records
from webhook.door import Door
from webhook.pace import Pace
from webhook.pages.form_tokens import FormTokens
from webhook.pages.fresh_links import FreshLinks
from webhook.pages.links import Links
from webhook.pages.reading import Reading
from webhook.pages.rendering import Rendering


@dataclass(frozen=True)
class Site:
    """`pace` limits how often one person may send a form."""

    rendering: Rendering
    links: Links
    reading: Reading
    form_tokens: FormTokens
    door: Door
    records: Records
    fresh: FreshLinks
    pace: Pace
