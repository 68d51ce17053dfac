"""The pictures of README.md, taken of a real stack: `.venv/bin/python docs/pictures/take.py`. It needs Chromium, and takes about a minute.

The example's cohort starts in a stack of its own, one pair has met once, and HR's system says of two people what coordinators have to hear.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import httpx
from playwright.sync_api import Page, sync_playwright
from ruamel.yaml import YAML
from standardwebhooks import Webhook

from tests.chromium import CHROMIUM, FLAGS
from tests.processes import free_port

HERE = Path(__file__).parent
COHORT, PAIR, MENTEE, MENTOR, LEAVER = "spring-2027", "p-05", "e-3005", "e-2005", "e-3004"
PORTS = {name: free_port() for name in ("port", "ui-port", "web-port", "smtp-port", "mailbox-port", "codec-port")}
UI, WEB, MAILBOX = (f"http://127.0.0.1:{PORTS[name]}" for name in ("ui-port", "web-port", "mailbox-port"))


def main() -> None:
    with stack() as (folder, settings), sync_playwright() as playwright:
        start(folder, settings)
        live(settings)
        page = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS).new_page(locale="en-GB", timezone_id="Europe/Berlin")

        page.goto(link("yusuf.demir", "/p/") + "?lang=en")
        until(lambda: shows(page, "1 conversation"))
        keep(page, "mentees-page", 860, 900)

        httpx.post(f"{WEB}/new-link", data={"email": "ana.keller@example.com"})
        page.goto(link("ana.keller", "/coordinator/") + "?lang=en")
        until(lambda: shows(page, "Jonas Weber"))
        keep(page, "coordinators-list", 860, 900)

        mentorship = re.findall(r"\((mentorship\.\S+)\)", mentorship_says(settings, "show", COHORT, PAIR))[0]
        page.set_viewport_size({"width": 1180, "height": 900})
        page.goto(f"{UI}/namespaces/default/workflows?query=WorkflowId%3D%22{mentorship}%22")
        page.get_by_role("link", name=mentorship).click()
        page.get_by_text("append_journal").first.wait_for()
        page.mouse.move(1000, 500)
        page.mouse.wheel(0, 560)
        page.wait_for_timeout(1000)
        keep(page, "temporal-ui", 1180, 1235)


@contextmanager
def stack() -> Iterator[tuple[Path, dict[str, str]]]:
    """`make run` with a folder and ports of its own: the folder, and the settings of whoever works with it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        env, options = folder / "run" / "env", [word for name, port in PORTS.items() for word in (f"--{name}", str(port))]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([sys.executable, "-m", "local", "run", "--folder", str(folder / "run"), *options], cwd=ROOT, stdout=log, stderr=log)
        try:
            until(env.exists)
            told = subprocess.run(["/bin/sh", "-c", f". {env} && env -0"], check=True, capture_output=True, text=True).stdout
            yield folder, os.environ | dict(line.split("=", 1) for line in told.split("\0") if line)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


def until(found: Callable[[], Any]) -> Any:
    end = time.monotonic() + 180
    while not (answer := found()):
        if time.monotonic() > end:
            raise TimeoutError(found)
        time.sleep(0.5)
    return answer


def mentorship_says(settings: dict[str, str], *words: str) -> str:
    return subprocess.run([sys.executable, "-m", "starter", *words], env=settings, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def start(folder: Path, settings: dict[str, str]) -> None:
    """The example's cohort, whose mails leave at once at any hour."""
    yaml, changed = YAML(), folder / "programme.yaml"
    programme = yaml.load(ROOT / "examples" / "engineering-2027.yaml")
    programme.setdefault("mail", {}).update(hours="none", spread="PT0S")
    yaml.dump(programme, changed)
    files = ("--programme", str(changed), "--people", "examples/people.csv", "--pairs", "examples/pairs.csv")
    mentorship_says(settings, "cohort", "start", *files, "--cohort", COHORT, "--starts", "now")


def live(settings: dict[str, str]) -> None:
    pair = f"mentorships/{COHORT}/{PAIR}"
    for by in (MENTEE, MENTOR):
        say(settings, f"{pair}/confirm_meeting", by=by, meeting="all")
        say(settings, f"{pair}/confirm_expectations", by=by, expectations=["confidentiality", "mutual_respect", "psychological_safety"])
    say(settings, f"{pair}/report_meeting", by=MENTEE, held=True, held_at=datetime.now(UTC).isoformat())
    say(settings, f"{pair}/set_goal", by=MENTEE, goal="talk", text="Give a talk about our incident reviews", actions=["Ask three people what they would hear"])
    say(settings, f"people/{LEAVER}/left")
    say(settings, f"people/{MENTEE}/manager", manager_id=MENTOR)


def say(settings: dict[str, str], where: str, **body: Any) -> None:
    """One signed POST, as a program sends it."""
    secret = json.loads(settings["MENTORSHIP_WEBHOOK_SECRETS"])["local"]["secret"]
    words, message, now = json.dumps(body), f"picture-{uuid.uuid4()}", datetime.now(UTC)
    headers = {"webhook-id": message, "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": Webhook(secret).sign(message, now, words)}
    httpx.post(f"{WEB}/v1/{where}", content=words, headers=headers | {"content-type": "application/json"}).raise_for_status()


def link(who: str, kind: str) -> str:
    """The first link of that kind in the mails of that person, once one has come."""

    def found() -> str | None:
        letters = re.findall(rf'href="(/\d+-{re.escape(who)}\.eml)"', httpx.get(f"{MAILBOX}/?to={who}%40example.com").text)
        return next((one for letter in letters for one in re.findall(rf'href="(http[^"]*{kind}[^"]+)"', httpx.get(f"{MAILBOX}{letter}").text)), None)

    return str(until(found))


def shows(page: Page, words: str) -> bool:
    page.reload()
    return words in page.inner_text("main")


def keep(page: Page, name: str, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.screenshot(path=HERE / f"{name}.png")


if __name__ == "__main__":
    main()
