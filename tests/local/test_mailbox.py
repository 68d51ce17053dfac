"""One machine's mailbox shows mails as people would see them and opens their pages, so that a newcomer can play both sides."""

from __future__ import annotations

import email
import email.policy
import html
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage, Message
from pathlib import Path
from typing import Any, Literal

import pytest
import recurring_ical_events
from axe_playwright_python.async_playwright import Axe
from icalendar import Calendar

from local.letters import Letter
from local.mail_catcher import read as read_mail
from local.mailbox import _listed, showing
from local.ports import HOST, free_ports
from mentorship.effects import MeetingFacts, SendNotice
from mentorship.programme import Benefits, Session, Texts
from notices.compose import compose
from notices.readers import Attachment, Elsewhere, Links, Reader
from tests.chromium import headless

SENT = datetime(2027, 3, 1, 7, tzinfo=UTC)
PEOPLE = {
    "mia": Reader("p-mia", "Mia Mentor", "mia@example.org", "en", "Europe/Berlin", "mentor"),
    "noor": Reader("p-noor", "Noor Mentee", "noor@example.org", "ar", "Africa/Cairo", "mentee"),
    "ben": Reader("p-ben", "Ben Mentee", "ben@example.org", "de", "Europe/Berlin", "mentee"),
}


def meeting(number: int, **later: float) -> MeetingFacts:
    start = SENT + timedelta(days=7 + 14 * number, hours=2) + timedelta(**later)
    return MeetingFacts(meeting=number, start=start, ends=start + timedelta(hours=1), session=0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Mia mentors Noor and Ben. The folder also holds a stranger's mail, and one that is only half written."""
    place = tmp_path_factory.mktemp("mails")
    told = {"programme": "p", "version": 1, "title": "Programme", "time_zone": "Europe/Berlin", "languages": ("en", "de", "ar"), "share": 80}
    texts = Texts(**told, sessions=(Session(topic="First"),), milestones=(), benefits=Benefits())
    count = 0

    def keep(name: str, content: bytes) -> None:
        nonlocal count
        count += 1
        (place / f"{count:04}-{name}.eml").write_bytes(content)

    def send(kind: str, to: str, partner: str, **facts: Any) -> None:
        files = facts.pop("files", ())
        elsewhere = facts.pop("elsewhere", ())
        reader, other = PEOPLE[to], PEOPLE[partner]
        pair = "ben" if "ben" in (to, partner) else "noor"
        links = Links(f"http://127.0.0.1:1/p/{to}-{partner}", calendar=f"http://127.0.0.1:1/p/feed-{to}/calendar.ics", verify="http://127.0.0.1:1/c/abc")
        notice = SendNotice.model_validate({"id": f"{count}.0", "kind": kind, "to": reader.side, "due": SENT + timedelta(minutes=count), **facts})
        message = compose(
            notice,
            mentorship=f"mentorship.spring.{pair}",
            reader=reader,
            partner=other,
            texts=texts,
            links=links,
            key=f"{pair}/{count}",
            attachments=files,
            elsewhere=elsewhere,
            sender="Mentorship <m@example.org>",
            at=notice.due,
        )
        keep(to, message.as_bytes())

    series = tuple(map(meeting, range(1, 7)))
    for to, partner in (("mia", "noor"), ("noor", "mia"), ("mia", "ben"), ("ben", "mia")):
        send("welcome", to, partner, calendar=series)
    changed = (series[0], meeting(2, days=1, hours=3), *series[3:])
    moved = changed[1].model_copy(update={"previous_start": series[1].start})
    send("rescheduled", "mia", "noor", change="moved", meeting=moved, calendar=changed, calendar_sequence=2)
    send("prepare", "mia", "noor", meeting=series[0], elsewhere=(Elsewhere("Ben Mentee", "http://127.0.0.1:1/p/mia-ben-later", series[0].start),))
    send("ended", "ben", "mia", calendar=(), calendar_sequence=3)
    send(
        "result",
        "noor",
        "mia",
        met_with_share=True,
        certificate="abc",
        files=(Attachment("certificate.pdf", "application/pdf", b"%PDF-1.7 \xff\x00"),),
    )
    keep("stranger", _hostile().as_bytes())
    (place / "0099-late.part").write_bytes(b"From: half a mail")
    return place


def _hostile() -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "x@example.org", '"<i>Eve</i>" <eve@example.org>', "<script>document.title='owned'</script>"
    mail.set_content("See http://127.0.0.1:1/p/<b> & more")
    mail.add_alternative("<html><head></head><body><script>document.title='owned'</script><h1>Hi</h1><a href='javascript:alert(1)'>x</a></body></html>", "html")
    return mail


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    port = free_ports().mailbox
    with showing(folder, port):
        yield f"http://{HOST}:{port}"


@pytest.fixture(scope="module")
def read(address: str) -> Callable[..., str]:
    def get(path: str = "/", method: str = "GET") -> str:
        request = urllib.request.Request(address + path, method=method)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            content: bytes = answer.read()
            return content.decode()

    return get


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_the_list_shows_all_mails_newest_first_with_who_got_them(read):
    page = read()
    subjects = [html.unescape(found) for found in re.findall(r'class="subject"><bdi[^>]*>([^<]*)<', page)]
    assert len(subjects) == 9
    assert "9 mails" in words(page)
    assert subjects[0].startswith("<script>")
    assert subjects[-1] == "Welcome: your mentorship begins"
    assert "half a mail" not in page
    assert "Your conversation with Noor Mentee has a new time." in page


def test_of_many_mails_fifty_stand_on_a_page():
    hostile = _hostile()
    letters = [Letter(f"{number:04}-eve.eml", lambda: hostile) for number in range(101)]

    def listed(asked: dict[str, str], mails: int = 101) -> tuple[list[int], str | None, str | None]:
        found = _listed(letters[:mails], asked)
        return [int(letter.name[:4]) for letter in found["letters"]], found["newer"], found["older"]

    assert listed({}) == (list(range(100, 50, -1)), None, "/?page=2")
    assert listed({"page": "2"}) == (list(range(50, 0, -1)), "/", "/?page=3")
    assert listed({"page": "3"}) == ([0], "/?page=2", None)
    assert listed({"page": "2"}, mails=100) == (list(range(49, -1, -1)), "/", None)
    assert listed({"page": "2", "to": "eve@example.org"})[1:] == ("/?to=eve%40example.org", "/?to=eve%40example.org&page=3")
    assert listed({"page": "0"}) == listed({"page": "-1"}) == listed({"page": "x"}) == listed({"to": "nobody@example.org"}) == listed({})


@pytest.mark.parametrize(
    ("date", "at"),
    [
        ("Mon, 01 Mar 2027 08:00:00 +0100", SENT),
        ("Mon, 01 Mar 2027 07:00:00 -0000", None),
        ("soon", None),
        (None, None),
    ],
    ids=["with its zone", "of no zone", "of no date", "without one"],
)
def test_a_mail_is_of_the_instant_that_it_says(date, at):
    mail = _hostile()
    if date is not None:
        mail["Date"] = date
    assert Letter("a.eml", lambda: email.message_from_bytes(mail.as_bytes(), policy=email.policy.default)).at == at


def test_the_list_says_when_each_mail_went_and_a_mails_text_is_whole_beside_its_links(read, folder):
    assert f'<time datetime="{(SENT + timedelta(minutes=3)).isoformat()}">' in read()
    kept = email.message_from_bytes((folder / "0001-mia.eml").read_bytes(), policy=email.policy.default)
    letter = Letter("a.eml", lambda: kept)
    assert letter.at == SENT
    assert "".join(words for words, _ in letter.pieces) == letter.text
    assert {address for words, address in letter.pieces if words == address} >= {"http://127.0.0.1:1/p/mia-noor"}


@pytest.mark.parametrize(
    ("path", "frame"),
    [("/", False), ("/0009-stranger.eml", False), ("/0009-stranger.eml/html", True), ("/static/pages.css", False), ("/0008-noor.eml/0", False)],
)
def test_a_browser_is_told_to_run_no_script_to_keep_nothing_and_to_tell_nobody(address, path, frame):
    """H12: only the mailbox may show a mail's own page, and nothing may show the mailbox."""
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address + path) as answer:
        told = answer.headers
    policy = told["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "base-uri 'none'", "form-action 'none'", f"frame-ancestors {chr(39)}{'self' if frame else 'none'}{chr(39)}"} <= set(policy)
    assert not [rule for rule in policy if rule.startswith("script-src")]
    assert (told["Referrer-Policy"], told["X-Content-Type-Options"], told["Cache-Control"]) == ("no-referrer", "nosniff", "no-store")


NAMES = (
    "Müller-Lüdenscheidt, Jörg Friedrich Karl Maria von und zu",
    "Betreuung für München und Umgebung, immer dienstags",
    "نور الهدى بنت عبد العزيز آل سليمان",
    "Ada, Countess",
    "",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_shown_as_it_was_written_however_long_it_is(name):
    notice = SendNotice(id="1.0", kind="check_in", to="mentor", due=SENT)
    texts = Texts(programme="p", version=1, title="P", time_zone="UTC", languages=("en",), share=80, sessions=(), milestones=(), benefits=Benefits())
    sent = compose(
        notice, mentorship="m", reader=Reader("p", name, "Ada@people.example", side="mentor"), partner=None, texts=texts, links=Links("https://m.example/p/t"),
        key="m/1.0", sender="Mentorship <m@service.example>", at=notice.due,
    )  # fmt: skip
    letter = Letter("a.eml", lambda: email.message_from_bytes(sent.as_bytes(), policy=email.policy.default))
    assert (letter.to.address, letter.to.name) == ("ada@people.example", name or "Ada@people.example")


def test_one_persons_mails_and_their_pages_of_each_mentorship(read):
    page = read("/?to=mia%40example.org")
    assert "Mails to Mia Mentor" in words(page)
    assert "4 mails" in words(page)
    note = words(page[page.index('class="note"') : page.index('class="inbox"')])
    assert "page with Noor Mentee page with Ben Mentee" in note


def test_partners_stand_beside_each_other_with_the_newest_link_to_each_page(read):
    page = read()
    people = page[page.index('id="people"') :]
    names = re.findall(r'<span dir="auto">([^<]*)</span> <span class="count">', people)
    assert names[:3] == ["Mia Mentor", "Noor Mentee", "Ben Mentee"]
    assert re.findall(r'href="(http://127.0.0.1:1/p/[^"]*)"', people) == [
        f"http://127.0.0.1:1/p/{one}" for one in ("mia-noor", "mia-ben", "noor-mia", "ben-mia")
    ]


def test_a_mail_leads_into_its_readers_page_and_to_the_mails_beside_it(read):
    page = read("/0006-mia.eml")
    button = re.search(r'<a class="button" href="([^"]*)"[^>]*>(.*?)</a>', page)
    assert button is not None
    assert (button[1], words(button[2])) == ("http://127.0.0.1:1/p/mia-noor", "Be Mia Mentor : open the page with Noor Mentee")
    assert 'href="/0005-mia.eml" rel="prev"' in page
    assert 'rel="next"' not in page
    assert all(f'href="/{name}-mia.eml" rel="{way}"' in read("/0003-mia.eml") for name, way in (("0001", "prev"), ("0005", "next")))
    assert '<a href="http://127.0.0.1:1/p/mia-noor">' in page[page.index("As plain text") :]


def test_a_calendar_is_shown_as_what_any_other_reader_makes_of_it(folder):
    shown = 0
    for path in sorted(folder.glob("*.eml")):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        letter = read_mail(path)
        part = next((part for part in message.walk() if part.get_content_type() == "text/calendar"), None)
        if part is None:
            assert (letter.entries, letter.invited) == ((), frozenset())
            continue
        calendar = Calendar.from_ical(part.get_content())
        invited = [guest for event in calendar.walk("VEVENT") for guest in event.get("ATTENDEE", [])]
        assert {(guest.address, guest.name) for guest in letter.invited} == {(guest.removeprefix("mailto:"), guest.params["CN"]) for guest in invited}
        assert len(letter.invited) == 2
        events = recurring_ical_events.of(calendar).between(SENT - timedelta(days=999), SENT + timedelta(days=999))
        assert [(entry.starts, entry.ends) for entry in letter.entries] == sorted((event["DTSTART"].dt, event["DTEND"].dt) for event in events)
        shown += len(letter.entries)
    assert shown == 4 * 6 + 5 + 1


def test_of_mails_that_nobody_looks_at_no_more_is_kept_than_a_list_tells(folder):
    """Mails accumulate for years: with some thousand kept in memory, or read again at each look, one page used to take minutes."""
    letter = read_mail(next(iter(sorted(folder.glob("0001-*.eml")))))
    assert read_mail.cache_info().maxsize is None
    assert not any(isinstance(kept, Message) for kept in vars(letter).values())
    assert sum(len(repr(kept)) for kept in vars(letter).values()) < 3000 < len(letter.html)


def test_a_calendar_that_takes_everything_out_says_so(read):
    assert "taken out: no meeting is left" in words(read("/0007-ben.eml"))
    assert "taken out" not in words(read("/0001-mia.eml"))


def test_headers_are_folded_away_and_attachments_can_be_fetched(read, address):
    page = read("/0008-noor.eml")
    folded = page[page.index("<summary>Headers") :]
    assert "<dt>Message-ID</dt>" in folded
    assert "Message-ID" not in page[: page.index("<summary>Headers")]
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{address}/0008-noor.eml/0") as answer:
        assert answer.headers["Content-Disposition"] == 'attachment; filename="certificate.pdf"'
        assert answer.read() == b"%PDF-1.7 \xff\x00"


@pytest.mark.parametrize("path", ["/../keys.json", "/%2e%2e/keys.json", "/0099-late.part", "/0001-mia.eml/9", "/0001-mia.eml/text", "/static/../letters.py"])
def test_there_is_nothing_else_to_see(read, path):
    with pytest.raises(urllib.error.HTTPError, match="404"):
        read(path)


def test_a_strangers_mail_stays_words(read):
    for page in (read(), read("/0009-stranger.eml")):
        assert "<script" not in page
        assert "<i>Eve" not in page
        assert "javascript:" not in page


def test_head_answers_without_content(read):
    assert read("/", "HEAD") == ""
    assert read("/0001-mia.eml/html", "HEAD") == ""


async def test_both_pages_are_free_of_barriers_fit_a_phone_and_open_peoples_pages_from_within_a_mail(address, folder):
    """In light and dark, in three languages of mails, without a script of ours; a mail's own script never runs."""
    letters = ["/0001-mia.eml", "/0002-noor.eml", "/0004-ben.eml", "/0007-ben.eml", "/0008-noor.eml", "/0009-stranger.eml"]
    async with headless() as browser:
        looks: tuple[tuple[Literal["light", "dark"], int], ...] = (("light", 1100), ("dark", 360))
        for scheme, width in looks:
            page = await browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 800})
            for path in ("/", "/?to=mia%40example.org", *letters, *(f"{letter}/html" for letter in letters[:-1])):
                await page.goto(address + path)
                rules = {rule: {"enabled": not path.endswith("/html")} for rule in ("landmark-one-main", "region")}  # a mail is not a page of its own
                found = (await Axe().run(page, options={"rules": rules})).response["violations"]
                assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == [], (path, scheme)
                assert await page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
            await page.close()
        page = await browser.new_page()
        await page.goto(address + "/0006-mia.eml")
        async with page.expect_popup() as opened:
            await page.frame_locator("iframe").get_by_role("link", name="Keep it or move it").click()
        assert (await opened.value).url.startswith(("http://127.0.0.1:1/p/mia-noor", "chrome-error:"))
        await page.goto(address + "/0009-stranger.eml/html")
        assert await page.title() != "owned"
