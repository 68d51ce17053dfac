"""Temporal's own UI, in a browser: payloads are sealed without a token, and in clear text for admins and for whoever sits at this machine."""

from __future__ import annotations

import asyncio
import json
import sysconfig
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Page, expect
from pydantic import SecretStr
from temporalio.testing import WorkflowEnvironment

from gateway.converter import data_converter
from gateway.keyring import Keyring
from gateway.settings import Settings
from local.codec import ShownFor
from tests.chromium import headless
from tests.processes import free_port
from webhook.codec.app import create_app
from webhook.serving import serve_app

TOKEN = "a token of this test, long enough to be one"


@asynccontextmanager
async def browser_page() -> AsyncIterator[Page]:
    async with headless() as browser:
        page = await browser.new_page()
        page.set_default_timeout(20_000)
        yield page


@asynccontextmanager
async def serving(app, port: int) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(serve_app(app, "127.0.0.1", port, stop))
    yield
    stop.set()
    await task


async def test_the_ui_shows_clear_text_to_admins_only(tmp_path: Path):
    ui, here, door = free_port(), free_port(), free_port()
    keyring = Keyring.generate(tmp_path / "keys.json")
    settings = Settings.load(codec_tokens=(SecretStr(TOKEN),), codec_origins=(f"http://127.0.0.1:{ui}",))
    app = create_app(settings, keyring, "default")
    server = WorkflowEnvironment.start_local(
        dev_server_existing_path=str(Path(sysconfig.get_path("scripts")) / "temporal"),
        data_converter=data_converter(keyring),
        ui=True,
        ui_port=ui,
        dev_server_extra_args=["--ui-disable-news-fetch", "--ui-codec-endpoint", f"http://127.0.0.1:{here}/codec"],
    )
    async with await server as environment, serving(ShownFor(app, settings.codec_origins, TOKEN), here), serving(app, door), browser_page() as page:
        handle = await environment.client.start_workflow(
            "Mentorship", {"cohort": "spring-2027", "answer": "forty-two"}, id="mentorship.spring.m-1", task_queue="nobody"
        )
        history = f"http://127.0.0.1:{ui}/namespaces/default/workflows/{handle.id}/{handle.first_execution_run_id}/history"

        # Under `make run` everybody who can open this machine's UI may read.
        await page.goto(history)
        await expect(page.get_by_text("forty-two").first).to_be_visible()

        # Elsewhere the browser has to be signed in, and the UI has to send its credentials.
        address = f"http://127.0.0.1:{door}/codec"
        chosen = {"endpoint": address, "includeCredentials": True, "overrideRemoteCodecConfiguration": True}
        for name, value in chosen.items():
            await page.evaluate("([name, value]) => localStorage.setItem(name, value)", [name, json.dumps(value)])
        await page.goto(history)
        await expect(page.get_by_text("Codec Server could not connect").filter(visible=True).first).to_be_visible()
        assert "forty-two" not in await page.content()

        await page.goto(address)
        await page.get_by_label("Codec token").fill(TOKEN)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("link", name="Open the UI").wait_for()
        await page.goto(history)
        await expect(page.get_by_text("forty-two").first).to_be_visible()
