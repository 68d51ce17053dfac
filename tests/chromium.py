"""A real browser without a window, which talks to nobody by itself."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, async_playwright

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@asynccontextmanager
async def headless(*flags: str) -> AsyncIterator[Browser]:
    """Skips the test where there is none."""
    if CHROMIUM is None:
        pytest.skip("no chromium here")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
        yield browser
        await browser.close()


@asynccontextmanager
async def shared(address: str) -> AsyncIterator[Browser]:
    """One that runs already, at this address. Whoever shares it shares no page, cookie or cache: those are a context's."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.connect_over_cdp(address)
        yield browser
        await browser.close()
