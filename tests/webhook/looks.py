"""Pages in a real browser as one kind of reader sees them, and the checks of what they show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Browser, Page

Scheme = Literal["light", "dark"]
LOOKS: tuple[tuple[Scheme, int, str], ...] = (("light", 320, "de"), ("dark", 500, "en"), ("dark", 1000, "ar"))
"""Colours, width and language: what a page is judged in. 320 is a small phone, 500 a window of 1,000 at 200 %."""


_VIOLATIONS = """axe.run({resultTypes: ["violations"]}).then(found => found.violations.map(rule => [rule.id, rule.nodes.map(node => node.html)]))"""


@dataclass
class Look:
    """A page in a browser as one kind of reader sees it, and the checks of what it shows."""

    page: Page
    width: int
    lang: str

    @classmethod
    async def of(cls, browser: Browser, scheme: Scheme, width: int, lang: str) -> Look:
        page = await browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 900})
        await page.add_init_script(AXE_SCRIPT)  # half a megabyte: handed over once, not with every page
        return cls(page, width, lang)

    async def open(self, address: str) -> None:
        await self.page.goto(f"{address}{'&' if '?' in address else '?'}lang={self.lang}")
        await self.judge(address)

    async def judge(self, what: str) -> None:
        """Asserts that axe finds nothing, that nothing is cut off however wide the window is, and that there is one main heading."""
        found = await self.page.evaluate(_VIOLATIONS)
        assert found == [], (what, found)
        assert await self.page.locator("h1").count() == 1, what
        for width in (*(width for _, width, _ in LOOKS if width != self.width), self.width):
            await self.page.set_viewport_size({"width": width, "height": 900})
            assert await self.page.evaluate("document.documentElement.scrollWidth") <= width, (what, width)
