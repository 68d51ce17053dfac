"""People who wander over the pages by chance: they follow links and send forms, while time passes and HR and operators do what they do.

Whatever page offers something at an instant has to keep that promise at the same instant.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html.parser import HTMLParser
from http import HTTPStatus
from random import Random
from urllib.parse import urlencode

import httpx

from mentorship import commands as c
from tests.sentences.house import Cohort, House, Pair
from tests.sentences.village import OFFICE, Village
from tests.webhook.browser import GLUED, words

TEXTS = ("A word", "Two\nsteps", "x" * 5000, "\u2060", "", "مرحبا", "\n".join("abcdefghijkl"))
STEPS = (timedelta(minutes=5), timedelta(hours=5), timedelta(days=1), timedelta(days=4))
NEAR = (timedelta(hours=-30), timedelta(hours=-5), timedelta(0), timedelta(hours=1), timedelta(hours=30))
GAPS = re.compile(r"\u2068\u2069|\bNone\b|%\(|<bdi[^>]*></bdi>|<(h1|h2|h3|p|li|strong|dd|dt|button|legend|title|summary|small)( [^>]*)?>\s*</\1>")
TYPED = re.compile(r"<textarea.*?</textarea>|<blockquote.*?</blockquote>|<input[^>]*>", re.DOTALL)
REFUSED = re.compile("This is not possible at the moment|There is nothing to do here")
WELL = {HTTPStatus.OK, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.GONE, HTTPStatus.UNPROCESSABLE_ENTITY}


class Form:
    """`choices` are the options of each field of which one can be chosen, `boxes` those that can be ticked."""

    def __init__(self, action: str) -> None:
        self.action = action
        self.hidden: list[tuple[str, str]] = []
        self.choices: dict[str, list[str]] = {}
        self.boxes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.times: list[str] = []

    @property
    def is_button(self) -> bool:
        return not (self.choices or self.boxes or self.texts or self.times)


class Reading(HTMLParser):
    """What a page offers."""

    def __init__(self, page: httpx.Response) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[Form] = []
        self.feed(page.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "a" and has["href"].startswith("/"):
            self.links.append(has["href"])
        elif tag == "form" and "action" in has:
            self.forms.append(Form(has["action"]))
        elif tag == "textarea" and "name" in has:
            self.forms[-1].texts.append(has["name"])
        elif tag == "input" and "name" in has and "disabled" not in has and self.forms:
            self._input(self.forms[-1], has)

    def _input(self, form: Form, has: dict[str, str]) -> None:
        name, value = has["name"], has.get("value", "")
        match has["type"]:
            case "hidden":
                form.hidden.append((name, value))
            case "radio":
                form.choices.setdefault(name, []).append(value)
            case "checkbox":
                form.boxes.append((name, value))
            case "datetime-local":
                form.times.append(name)


class Walk:
    def __init__(self, village: Village, cohort: Cohort, luck: Random) -> None:
        self._house: House = village.house
        self._village = village
        self._cohort = cohort
        self._luck = luck
        self.trail: list[str] = []
        assert self._house.http is not None
        self._http = self._house.http

    def go(self, steps: int) -> None:
        for _ in range(steps):
            self._luck.choices((self._visit, self._wait, self._office), (7, 2, 1))[0]()

    # -- people ------------------------------------------------------------------------------------------------------------

    def _visit(self) -> None:
        page = self._open(self._luck.choice(self._entries()))
        for _ in range(self._luck.randint(0, 3)):
            offers = Reading(page)
            if offers.forms and self._luck.random() < 0.5:
                page = self._send(self._luck.choice(offers.forms))
            elif offers.links and page.status_code == HTTPStatus.OK:
                page = self._open(self._luck.choice(offers.links))
                self._demand(page.status_code == HTTPStatus.OK and not REFUSED.search(page.text), page)

    def _entries(self) -> list[str]:
        pair, house = self._luck.choice(self._cohort.pairs), self._house
        found = [house.address("coordinator", self._cohort.bearer(person_id)) for person_id in OFFICE[:2]]
        for who in ("mentor", "mentee"):
            for _ in range(3):
                found.append(house.page(pair, who))
            found += [house.address("private", pair.bearer(who)), house.address("private", pair.bearer(who), "concern")]
        return found

    def _open(self, address: str) -> httpx.Response:
        return self._look("opens", address, self._http.get(address))

    def _send(self, form: Form) -> httpx.Response:
        luck = self._luck
        filled = [*form.hidden, *((name, luck.choice(values)) for name, values in form.choices.items() if luck.random() < 0.8)]
        filled += [box for box in form.boxes if luck.random() < 0.6]
        filled += [(name, luck.choice(TEXTS)) for name in form.texts]
        filled += [(name, luck.choice((self._somewhen().strftime("%Y-%m-%dT%H:%M"), "", "soon"))) for name in form.times]
        as_browsers_do = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
        answer = self._look("sends", form.action, self._http.post(form.action, content=urlencode(filled), headers=as_browsers_do))
        self._house.settle()
        if answer.status_code != HTTPStatus.SEE_OTHER:
            self._demand(not form.is_button or answer.status_code == HTTPStatus.OK, answer)
            return answer
        page = self._open(answer.headers["location"])
        self._demand(page.status_code == HTTPStatus.OK and not (form.is_button and "That changed nothing." in page.text), page)
        return page

    def _look(self, how: str, address: str, asked: object) -> httpx.Response:
        answer: httpx.Response = self._house.wait(asked)  # type: ignore[arg-type]
        shown = re.sub(r"/(p|private|concern|coordinator)/[^/?]+", r"/\1/…", address)
        self.trail.append(f"{self._house.now:%d %b %H:%M} {how} {shown}: {answer.status_code}")
        self._demand(answer.status_code in WELL or answer.status_code == HTTPStatus.SEE_OTHER or "no_mail" in answer.text or "/private_link" in address, answer)
        if "html" in answer.headers.get("content-type", ""):
            self._demand(GAPS.search(TYPED.sub("", answer.text)) is None and GLUED.search(words(answer)) is None, answer)
        return answer

    def _demand(self, well: bool, page: httpx.Response) -> None:
        assert well, "\n".join((words(page), *self.trail[-12:]))

    # -- time, and the offices -------------------------------------------------------------------------------------------------

    def _somewhen(self) -> datetime:
        """Some time that matters to a pair, or about that."""
        state = self._luck.choice(self._cohort.pairs).state
        return self._luck.choice([state.ends, state.reporting_ends, *(meeting.start for meeting in state.meetings)]) + self._luck.choice(NEAR)

    def _wait(self) -> None:
        ahead = [at for at in (self._somewhen() for _ in range(3)) if at > self._house.now]
        self._cohort.until(min(ahead, default=self._house.now + self._luck.choice(STEPS)))
        self.trail.append(f"it is {self._house.now:%d %b %H:%M}")

    def _office(self) -> None:
        pair = self._luck.choice(self._cohort.pairs)
        away, now = pair.ref(self._luck.choice(("mentor", "mentee"))), self._house.now
        orders: tuple[Callable[[], object], ...] = (
            lambda: c.Pause(until=now + self._luck.choice(STEPS) * 5),
            c.Resume,
            lambda: c.Pause(away=away, begins=now, until=now + timedelta(days=self._luck.randint(1, 80))),
            lambda: c.Resume(away=away),
            c.Flag,
            lambda: c.WaiveMilestone(milestone=self._luck.choice(pair.state.rules.milestones).id),
        )
        self._order(pair, self._luck.choice(orders)())

    def _order(self, pair: Pair, order: object) -> None:
        if not pair.state.over:
            self.trail.append(f"{type(order).__name__}: {pair.say('o-ana', order)}")
