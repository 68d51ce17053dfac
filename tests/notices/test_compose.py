"""Every mail: what it says, to whom, and what it never says (H2-H5, H7, H10-H15, Calm)."""

import dataclasses
import re
import typing
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import pytest

from mentorship.effects import CHANGES, MilestoneFacts, NoticeKind
from notices.readers import Attachment, Elsewhere, Links, NoAddress, Reader

KINDS = typing.get_args(NoticeKind)
ESSENTIAL = sorted(CHANGES)
ENDS = datetime(2027, 7, 26, 22, tzinfo=UTC)
DUE = datetime(2027, 1, 29, 8, tzinfo=UTC)
GREETINGS = [("en", "Hello"), ("de", "Guten Tag"), ("ar", "مرحبًا")]


def text(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return part.get_content()


def html(message: EmailMessage) -> str:
    part = message.get_body(("html",))
    assert part is not None
    return part.get_content()


def one_line(message: EmailMessage) -> str:
    return " ".join(text(message).split())


def again(message: EmailMessage) -> EmailMessage:
    """As the other end reads it from the wire."""
    return typing.cast("EmailMessage", message_from_bytes(message.as_bytes(), policy=policy.default))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("side", ["mentor", "mentee"])
@pytest.mark.parametrize("greeted", GREETINGS)
def test_every_kind_reads_well_to_either_side_in_every_language(mail, people, kind, side, greeted):
    code, greeting = greeted
    who = people.coordinator if kind == "case" else getattr(people, side)
    message = again(mail(kind, side, with_={"reader": dataclasses.replace(who, language=code)}))
    assert message["Content-Language"] == code
    for body in (text(message), html(message)):
        assert greeting in body
        assert not re.search(r"%\(|\{\{|\{%|None|Undefined|&amp;amp;", body)
    assert message["Subject"].strip()
    assert f'lang="{code}" dir="{"rtl" if code == "ar" else "ltr"}"' in html(message)


@pytest.mark.parametrize(("code", "torn"), [("de", r"\d\.\n|\d\n\s*Uhr"), ("ar", r"الساعة\n|\d\n\s*(?:يناير|فبراير|مارس|يوليو)")])
def test_a_date_and_a_time_are_not_torn_at_the_end_of_a_line(mail, people, series, code, torn):
    met = {"meeting": series[1], "helps_until": DUE + timedelta(days=7)}
    for length in range(1, 60):  # each word gets to the end of a line once
        partner = dataclasses.replace(people.mentor, name="A" * length)
        said = text(mail("absence_reported", with_={"reader": dataclasses.replace(people.mentee, language=code), "partner": partner}, **met))
        assert not re.search(torn, said), said


@pytest.mark.parametrize("kind", KINDS)
def test_in_arabic_each_line_of_a_mail_reads_from_the_right_and_sets_apart_what_does_not(mail, people, kind):
    """Where plain text is shown, a line's direction is that of its first letter outside of isolates (UAX 9, P2)."""
    who = people.coordinator if kind == "case" else people.mentee
    for length in range(1, 60, 3):
        partner = None if kind == "case" else dataclasses.replace(people.mentor, name=f"{'A' * length} van der Berg")
        for line in text(mail(kind, with_={"reader": dataclasses.replace(who, language="ar", name="Ada Lovelace"), "partner": partner})).splitlines():
            assert line.count("\u2068") == line.count("\u2069"), line
            apart = re.sub("\u2068[^\u2069]*\u2069", "", line)
            if re.search(r"[\u0600-\u06ff]", apart):
                assert re.search(r"[\u200fA-Za-z\u0600-\u06ff]", apart)[0] > "z", line


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_also_reads_well_with_the_least_facts(mail, series, kind):
    meeting = series[1].model_copy(update={"session": None}) if kind in ("prepare", "move_proposed") else None
    bare = {"meeting": meeting, "helps_until": None, "milestones": (), "needed": None, "ends": None, "reporting_ends": None}
    bare |= {"milestone": None, "pins": (), "line": None, "change": None, "calendar": None}
    message = mail(kind, with_={"partner": None, "pair": (), "links": Links("https://mentoring.example/p/tok")}, **bare)
    assert "https://mentoring.example/p/tok" in text(message)
    assert "None" not in text(message) + html(message)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_notice_makes_the_same_bytes(mail, kind):
    attachment = Attachment("certificate.pdf", "application/pdf", b"%PDF-1.7 ...")
    first, second = (mail(kind, with_={"attachments": (attachment,)}).as_bytes() for _ in range(2))
    assert first == second


def test_a_retry_repeats_the_message_id_and_another_reader_gets_another(mail, people):
    first = mail("ask")
    moved = mail("ask", with_={"reader": dataclasses.replace(people.mentee, email="ada@new.example")})
    other = mail("ask", "mentor")
    later = mail("ask", with_={"key": "mentorship.spring.m-0123456789ab/9.0"})
    assert first["Message-ID"] == moved["Message-ID"]
    assert len({first["Message-ID"], other["Message-ID"], later["Message-ID"]}) == 3
    assert first["Message-ID"].endswith("@service.example>")


def test_mails_of_one_mentorship_form_one_thread_for_a_reader(mail):
    welcome, result, other, elsewhere = (
        mail("welcome"),
        mail("result"),
        mail("result", "mentor"),
        mail("result", with_={"mentorship": "mentorship.spring.m-other0000000"}),
    )
    assert welcome["References"] == result["References"] == result["In-Reply-To"]
    assert len({result["References"], other["References"], elsewhere["References"]}) == 3


def test_the_date_is_the_workflows_instant_and_machines_do_not_answer(mail, notice):
    message = again(mail("prepare"))
    assert message["Date"].datetime == notice("prepare").due
    assert message["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_essential_can_be_unsubscribed_from_and_what_is_cannot(mail, kind):
    message = again(mail(kind))
    if kind in ESSENTIAL:
        assert message["List-Unsubscribe"] is None
        assert "/u/tok" not in text(message) + html(message)
    else:
        assert message["List-Unsubscribe"] == "<https://mentoring.example/u/tok>"
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert "https://mentoring.example/u/tok" in text(message)


def test_a_long_link_in_a_header_stays_in_one_piece(mail, links):
    long = "https://mentoring.example/u/" + "a" * 300
    raw = mail("ask", with_={"links": dataclasses.replace(links, unsubscribe=long)}).as_bytes()
    assert f"List-Unsubscribe: <{long}>\r\n".encode() in raw


def test_every_line_of_a_mail_fits_the_standard_and_is_plain_ascii(mail, people):
    raw = mail("welcome", with_={"reader": dataclasses.replace(people.mentee, language="ar", name="آدا لوفلايس")}).as_bytes()
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("code", ["en", "de", "ar"])
def test_what_is_encoded_stands_in_lines_that_filters_do_not_take_for_spam(mail, people, kind, code):
    """RFC 2045: quoted-printable and base64 have at most 76 characters a line."""
    who = people.coordinator if kind == "case" else people.mentee
    certificate = Attachment("certificate.pdf", "application/pdf", bytes(range(256)) * 40)
    made = message_from_bytes(mail(kind, with_={"reader": dataclasses.replace(who, language=code), "attachments": (certificate,)}).as_bytes())
    encoded = [part for part in made.walk() if part["Content-Transfer-Encoding"] in {"quoted-printable", "base64"}]
    assert "application/pdf" in {part.get_content_type() for part in encoded}
    assert all(len(line) <= 76 for part in encoded for line in str(part.get_payload()).splitlines())


@pytest.mark.parametrize("code", [code for code, _ in GREETINGS])
def test_what_stands_below_every_mail_is_left_out_of_a_reply(mail, people, links, code):
    """Programs know a signature by a line of two dashes and a blank (RFC 3676); whoever answers would else hand on their own way to fewer mails."""
    message = again(mail("ask", with_={"reader": dataclasses.replace(people.mentee, language=code)}))
    words, _, signature = text(message).replace("\r\n", "\n").partition("\n-- \n")
    assert links.unsubscribe in signature
    assert links.unsubscribe not in words


@pytest.mark.parametrize("name", ["Zoë", "آدا لوفلايس بنت بايرون", "Müller-Lüdenscheidt, Jörg " * 4, "李" * 120, "👩‍👩‍👧‍👦" * 17, "Ada Lovelace"])
@pytest.mark.parametrize("kind", KINDS)
def test_words_outside_ascii_stand_in_headers_as_programs_can_read_them(mail, people, kind, name):
    """RFC 2047: an encoded word has at most 75 characters, its line 76; many programs show a longer one as it is."""
    who = people.coordinator if kind == "case" else people.mentee
    reader = dataclasses.replace(who, language="ar", name=name)
    made = mail(kind, with_={"reader": reader, "sender": "Beratung für München <mentoring@service.example>"})
    raw = made.as_bytes()
    assert all(len(line) <= 76 for line in raw.split(b"\r\n") if b"=?utf-8?" in line)
    came = message_from_bytes(raw)
    assert str(make_header(decode_header(came["Subject"]))) == made["Subject"]
    for header, shown, address in (("To", reader.name, reader.address), ("From", "Beratung für München", "mentoring@service.example")):
        words, found = parseaddr(came[header])
        assert (str(make_header(decode_header(words))), found) == (shown, address)


# -- H12, H14: what mails never say ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("code", ["en", "de", "ar"])
def test_no_subject_tells_a_topic_a_name_or_why(mail, people, kind, code):
    who = people.coordinator if kind == "case" else people.mentee
    subject = mail(kind, with_={"reader": dataclasses.replace(who, language=code)})["Subject"]
    for word in (
        "Career",
        "stories",
        "Grace",
        "Hopper",
        "Ada",
        "shadowing",
        "short notice",
        "cancel",
        "coordinator",
        "absen",
        "kurzfristig",
        "Koordination",
        "missing",
    ):
        assert word.lower() not in subject.lower()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "case"])
def test_of_the_partner_a_mail_knows_the_name_and_no_more(mail, people, kind):
    message = mail(kind)
    words = text(message) + html(message) + "".join(f"{name}: {value}" for name, value in message.items())
    for secret in (people.mentor.email, people.mentor.ref, "Auckland", "mentorship.spring", "New eyes on old experience."):
        assert secret not in words


def test_the_nudge_brings_the_readers_own_benefits_and_says_that_nobody_else_knows(mail):
    body = one_line(mail("nudge", pins=("mentee.1", "mentor.0", "nonsense", "mentee.99")))
    assert "Questions that I would not ask." in body
    assert "New eyes on old experience." not in body
    assert "Nobody else has been told" in body
    assert "rhythm" in body


@pytest.mark.parametrize(
    ("language", "said"), [("en", "moved 2 days ahead costs nobody anything"), ("de", "mit 2 Tagen Vorlauf verschoben"), ("ar", "قبل موعده بمدة يومين")]
)
def test_the_nudge_says_how_long_before_a_move_costs_nothing_as_the_programme_has_it(mail, people, language, said):
    reader = dataclasses.replace(people.mentee, language=language)
    assert said in one_line(mail("nudge", with_={"reader": reader, "free_before": timedelta(days=2)}))


@pytest.mark.parametrize(("grace", "asks"), [(timedelta(hours=9), True), (timedelta(hours=8), False), (timedelta(), False)])
def test_the_closing_survey_asks_for_reports_only_while_they_are_taken(mail, grace, asks):
    """It goes in its reader's morning, when a grace of hours, or of nothing, is over (H7)."""
    said = one_line(mail("closing_survey", due=ENDS, reporting_ends=ENDS + grace, helps_until=None, with_={"at": ENDS + timedelta(hours=8)}))
    assert ("Something not reported yet?" in said, "can be reported until" in said) == (asks, asks)
    assert "Six questions" in said


@pytest.mark.parametrize("language", ["en", "de", "ar"])
def test_the_nudge_speaks_of_no_notice_where_there_is_none(mail, people, language):
    """A programme in which nothing is late before it begins, and an absence counts."""
    reader = dataclasses.replace(people.mentee, language=language)
    said = one_line(mail("nudge", with_={"reader": reader, "free_before": timedelta()}))
    assert not re.search(r"\b0\b|ahead costs|Vorlauf|يكلف", said)
    assert {"en": "their addresses are there too.", "de": "die Adressen stehen auch dort.", "ar": "وعناوينهم هناك أيضًا."}[language] in said


@pytest.mark.parametrize(
    ("kind", "language", "said"),
    [
        ("welcome", "en", "With 1 of the 1 milestones done by"),
        ("welcome", "de", "Mit 1 von 1 Meilensteinen bis"),
        ("result", "en", "Certificates needed 1 of 1 milestones by"),
        ("result", "de", "Für die Zertifikate brauchte es 1 von 1 Meilensteinen, und zwar bis"),
    ],
)
def test_where_one_milestone_earns_the_certificate_no_sentence_speaks_of_several(mail, people, kind, language, said):
    """A share of 1, or one milestone in all."""
    reader = dataclasses.replace(people.mentee, language=language)
    alone = (MilestoneFacts(id="aligned"),)
    assert said in one_line(mail(kind, with_={"reader": reader}, milestones=alone, needed=1, met_with_share=False, certificate=None))


def test_the_partner_of_somebody_whose_coordinator_was_told_is_not_mentioned_by_name(mail):
    message = mail("coordinator_told")
    assert "Your partner has not been told" in one_line(message)
    assert "Grace" not in text(message) + html(message)


def test_an_early_end_says_neither_who_nor_why(mail):
    body = one_line(mail("ended"))
    assert "has ended" in body
    assert body.count("Grace Hopper") == 1
    assert not re.search(r"Grace Hopper (ended|wished|asked|decided)|because", body)


def test_the_coordinators_mail_names_the_pair_and_one_next_step_but_not_whose_side(mail):
    body = one_line(mail("case"))
    assert "Grace Hopper and Ada Lovelace" in body
    assert body.count("A next step:") == 1
    assert "mentee" not in body
    assert "cancellations_mentee" not in body


def test_a_line_that_mails_do_not_know_yet_is_still_a_calm_mail(mail):
    body = one_line(mail("case", line="something_new"))
    assert "could use a person" in body
    assert "something_new" not in body


# -- what each mail is for ------------------------------------------------------------------------------------------------


def test_the_welcome_explains_four_roles_and_the_three_expectations_and_all_slots_in_the_readers_zone(mail, series):
    body = one_line(mail("welcome", "mentor"))
    for word in (
        "Manager",
        "Coach",
        "Sponsor",
        "Mentor",
        "Goal",
        "Method",
        "Who",
        "Structure",
        "a talk between two",
        "Confidentiality",
        "Mutual respect",
        "Psychological safety",
    ):
        assert word in body
    assert len(re.findall(r"\d+\. \w{3} \d+ \w{3}, \d\d:\d\d", body)) == len(series)
    assert "1. Mon 1 Feb, 22:00" in body  # Auckland
    assert "All times are Auckland time." in body


def test_a_welcome_promises_certificates_to_both_only_where_both_are_measured_alike(mail, series):
    """H7, P6: a mentor who joined later needs the share of what remained, so each hears of their own."""
    alike = one_line(mail("welcome"))
    assert "What you both can earn" in alike
    assert "each of you receives a certificate" in alike
    names = ("aligned", "first-goal", "progress", "talks", "shadowing", "hosting")
    facts = tuple(MilestoneFacts(id=name, done_at=DUE - timedelta(days=90) if place < 3 else None, carried=place < 3) for place, name in enumerate(names))
    for side, counted, needed in (("mentee", facts, 5), ("mentor", facts[3:], 3)):
        apart = one_line(mail("welcome", side, milestones=counted, needed=needed))
        assert "What you can earn" in apart
        assert f"With {needed} of the {len(counted)} milestones done by" in apart
        assert "you receive a certificate for your development plan" in apart
        assert "each of you receives" not in apart


def test_a_preparation_says_until_when_a_move_is_free(mail, series):
    assert "move it freely until Sunday 14 February, 10:00" in one_line(mail("prepare"))
    assert "move it freely until Saturday 13 February, 10:00" in one_line(mail("prepare", with_={"free_before": timedelta(hours=48)}))
    assert "freely" not in one_line(mail("prepare", due=series[1].start - timedelta(hours=23)))
    assert "still a proposal" in one_line(mail("prepare", meeting=series[5]))


def test_a_topic_that_was_sent_before_is_named_and_not_sent_again(mail, series):
    fresh, repeated = one_line(mail("prepare")), one_line(mail("prepare", meeting=series[1].model_copy(update={"session_sent": True})))
    assert "Which turn surprised you?" in fresh
    assert "https://stories.example/a?b=1&c=2" in fresh
    assert "Topic: Career stories" in repeated
    assert "Which turn surprised you?" not in repeated
    assert "stories.example" not in repeated


def test_a_preparation_gathers_what_would_have_been_mails_of_their_own(mail):
    began = {1: DUE - timedelta(days=30), 2: DUE - timedelta(days=16), 3: DUE - timedelta(days=2)}
    body = one_line(mail("prepare", unreported=(1, 2), feedback_for=3, pulse=True, with_={"began": began}))
    assert "Did you meet on Wednesday 30 December 2026 and Wednesday 13 January? One tap for each is enough." in body
    assert "stays yours unless you share it" in body
    assert "Two short questions" in body
    quiet = one_line(mail("prepare"))
    assert "Did you meet on" not in quiet
    assert "Two short questions" not in quiet


@pytest.mark.parametrize(
    ("language", "one", "two"),
    [
        ("en", "about your meeting on Monday 1 February either", "about your meetings on Monday 1 February and Monday 1 March either"),
        ("de", "zu Ihrem Treffen am Montag, 1. Februar fehlt", "zu Ihren Treffen am Montag, 1. Februar und Montag, 1. März fehlt"),
        ("ar", "لقائكما يوم الاثنين، 1 فبراير.", "في هذين اليومين: الاثنين، 1 فبراير والاثنين، 1 مارس."),
    ],
)
def test_meetings_without_word_are_named_by_their_days_and_the_one_asked_about_not_twice(mail, people, series, language, one, two):
    with_ = {"reader": dataclasses.replace(people.mentee, language=language), "began": {facts.meeting: facts.start for facts in series}}
    assert one in one_line(mail("ask", unreported=(1, 2), with_=with_))
    assert two in one_line(mail("ask", unreported=(1, 2, 3), with_=with_))


def test_what_has_passed_when_a_mail_goes_is_not_announced(mail, series):
    """P5: the notice's own instant stays the mail's date."""
    late = mail("prepare", with_={"at": series[1].start - timedelta(hours=24)})
    assert "freely" not in one_line(late)
    assert late["Date"] == mail("prepare")["Date"]
    assert "move it freely" in one_line(mail("prepare", with_={"at": series[1].start - timedelta(hours=24, seconds=1)}))
    assert re.findall(r"^ ?(\d+)\. ", text(mail("welcome", with_={"at": series[9].start + timedelta(hours=2)})), re.MULTILINE) == ["11", "12"]


def test_no_mail_is_dated_after_it_goes(mail, notice):
    """What becomes of a mentorship before its start counts from the start: three months ahead, such a mail would be spam, or on top of an inbox."""
    sent = notice("ended").due - timedelta(days=90)
    told = mail("ended", with_={"at": sent})
    assert told["Date"].datetime == sent
    (entry,) = (part for part in told.walk() if part.get_content_type() == "text/calendar")
    assert f"DTSTAMP:{sent:%Y%m%dT%H%M%SZ}" in entry.get_content()
    assert mail("ended", with_={"at": sent + timedelta(days=91)})["Date"].datetime == notice("ended").due


def test_the_closing_survey_brings_an_invitation_that_no_meetings_mail_could(mail):
    """H15."""
    assert "What helped in your conversations" in one_line(mail("closing_survey", feedback_for=9))
    assert "What helped in your conversations" not in one_line(mail("closing_survey"))


@pytest.mark.parametrize("kind", ["closing_survey", "result"])
@pytest.mark.parametrize(
    ("code", "thanked", "presumed"), [("en", "taking part", "hours|the time"), ("de", "dabei waren", "Zeit genommen"), ("ar", "مشاركتكما", "الساعات|الوقت")]
)
def test_nobody_is_thanked_for_hours_that_there_may_not_have_been(mail, people, kind, code, thanked, presumed):
    """H14: to a pair that never met it would read as a reproach."""
    lead = one_line(mail(kind, met_with_share=False, with_={"reader": dataclasses.replace(people.mentee, language=code)}))
    assert re.search(thanked, lead)
    assert not re.search(presumed, lead)


def test_only_milestones_that_the_reader_can_report_are_asked_for(mail):
    assert "A day of shadowing" in text(mail("ask"))
    assert "A day as a host" not in text(mail("ask", "mentee"))
    assert "A day as a host" in text(mail("ask", "mentor"))


def test_a_move_that_came_too_late_for_a_preparation_brings_the_topic(mail, series):
    moved = series[1].model_copy(update={"previous_start": series[1].start - timedelta(days=1)})
    assert "Which turn surprised you?" in text(mail("rescheduled", meeting=moved))
    assert "Topic" not in text(mail("rescheduled", meeting=moved.model_copy(update={"session": None})))


@pytest.mark.parametrize(
    ("change", "says"),
    [("cancelled", "will not take place"), ("paused", "is paused"), ("resumed", "goes on"), ("extended", "has more time"), (None, "have changed")],
)
def test_every_change_is_said_in_a_sentence(mail, change, says):
    assert says in one_line(mail("rescheduled", change=change))


@pytest.mark.parametrize("kind", ["ask", "rescheduled"])
@pytest.mark.parametrize(("code", "promise"), [("en", "next conversation"), ("de", "nächstes Gespräch"), ("ar", "لقا[ءئ]كما القادم")])
def test_a_topic_is_promised_to_the_next_conversation_only_where_one_takes_it(mail, people, kind, code, promise):
    """H10."""
    reader = dataclasses.replace(people.mentee, language=code)
    told = {moves: one_line(mail(kind, change="cancelled", topic_moves_on=moves, with_={"reader": reader})) for moves in (True, False)}
    assert {moves: re.search(promise, body) is not None for moves, body in told.items()} == {True: True, False: False}


def test_only_meetings_to_come_are_listed_after_a_change(mail, series):
    body = text(mail("rescheduled", due=series[9].start - timedelta(days=1), change="resumed"))
    assert re.findall(r"^ ?(\d+)\. ", body, re.MULTILINE) == ["10", "11", "12"]


@pytest.mark.parametrize(("done", "says"), [(4, "4 of 6; one more earns"), (3, "3 of 6; 2 more earn"), (5, "5 of 6: that earns")])
def test_three_weeks_before_the_end_the_arithmetic_is_done_for_you(mail, series, done, says):
    names = ("aligned", "first-goal", "progress", "talks", "shadowing", "hosting")
    facts = tuple(MilestoneFacts(id=name, done_at=series[0].start if index < done else None) for index, name in enumerate(names))
    assert says in one_line(mail("heads_up", milestones=facts))


def test_a_certificate_is_a_link_and_a_missed_one_is_explained_to_the_second(mail):
    ends = ENDS
    earned = mail("result", met_with_share=True, certificate="abcdefghijklmnopqrstuvwxyz")
    assert "https://mentoring.example/c/abcdefghijklmnopqrstuvwxyz" in text(earned)
    facts = (
        MilestoneFacts(id="aligned", done_at=ends),
        MilestoneFacts(id="shadowing", late_at=ends + timedelta(seconds=1)),
        MilestoneFacts(id="talks"),
        MilestoneFacts(id="progress", waived=True),
    )
    missed = one_line(mail("result", met_with_share=False, milestones=facts, needed=4))
    assert "by Tuesday 27 July, 00:00:00. 2 were missing." in missed
    assert "Expectations agreed: done" in missed
    assert "A day of shadowing: done, but only after the end · Tuesday 27 July, 00:00:01" in missed
    assert "Three conversations: not reported" in missed
    assert "Progress on a goal: waived, counts as done" in missed
    assert "/c/" not in missed


def test_each_milestone_says_in_the_readers_zone_when_it_was_done_or_what_it_lacked(mail, texts, series):
    """One that comes about by facts cannot be reported, one for both needs both; what was brought along counts."""
    milestones = tuple(rule.model_copy(update={"by": "both"}) if rule.id == "shadowing" else rule for rule in texts.milestones)
    facts = (
        MilestoneFacts(id="aligned"),
        MilestoneFacts(id="first-goal", done_at=series[1].start, carried=True),
        MilestoneFacts(id="talks", done_at=series[2].start),
        MilestoneFacts(id="shadowing"),
        MilestoneFacts(id="progress", late_at=ENDS + timedelta(days=2)),
    )
    told = {"met_with_share": False, "milestones": facts, "needed": 4}
    said = one_line(mail("result", "mentor", with_={"texts": texts.model_copy(update={"milestones": milestones})}, **told))
    assert "2 of 5" in said
    assert "[ ] Expectations agreed: not reached" in said
    assert "[x] A goal with a first step: brought along from an earlier mentorship" in said
    assert "[x] Three conversations: done · Monday 1 March, 22:00" in said  # Auckland
    assert "[ ] A day of shadowing: not reported by both of you" in said
    assert "[ ] Progress on a goal: done, but only after the end · Thursday 29 July, 10:00" in said


def test_the_surveys_reminder_rides_in_the_result_where_both_fall_on_one_day(mail):
    assert "Six questions, answered from 1 to 5" in one_line(mail("result", met_with_share=True, certificate="abc", survey=True))
    assert "Six questions" not in one_line(mail("result", met_with_share=True, certificate="abc"))


def test_who_stayed_hears_that_the_other_stepped_away_and_nothing_else(mail):
    stayed = one_line(mail("ended", "mentee", stepped_away="mentor"))
    assert "Grace Hopper has stepped away from the programme" in stayed
    assert "they go along if you begin again with another mentor" in stayed
    assert "takes the meetings that were still ahead out of your calendar" in stayed
    assert "go along" not in one_line(mail("ended", "mentor", stepped_away="mentee"))
    assert mail("ended", stepped_away="mentor")["Subject"] == mail("ended")["Subject"]


def test_who_stepped_away_is_bidden_farewell_and_knows_what_the_other_one_hears(mail):
    left = one_line(mail("ended", "mentor", stepped_away="mentor"))
    assert "You have stepped away from the programme" in left
    assert "We have told your partner that you stepped away, and nothing else." in left
    assert "All the best" in left


def test_a_mail_names_the_readers_other_mentorships_with_their_next_meetings(mail, series):
    others = (
        Elsewhere("Dan", "https://mentoring.example/p/dan"),
        Elsewhere("Cleo", "https://mentoring.example/p/cleo", series[1].start),
        Elsewhere(None, "https://mentoring.example/p/nobody", series[2].start),
    )
    message = mail("prepare", "mentor", with_={"elsewhere": others})
    told = text(message)[text(message).index("In your other mentorships") :]
    assert re.findall(r"^- (.*)\n  (.*)$", told, re.MULTILINE) == [
        ("Cleo · Mon 15 Feb, 22:00", "https://mentoring.example/p/cleo"),
        ("Your partner · Mon 1 Mar, 22:00", "https://mentoring.example/p/nobody"),
        ("Dan", "https://mentoring.example/p/dan"),
    ]
    assert 'href="https://mentoring.example/p/cleo"' in html(message)
    assert "other mentorships" not in text(mail("prepare", "mentor"))


def test_a_year_is_told_only_where_it_is_another_one(mail, series):
    assert "2027" not in one_line(mail("prepare")).replace("Engineering mentorship 2027", "")
    assert "Monday 15 February 2027" in one_line(mail("prepare", due=series[1].start - timedelta(days=60)))


def test_attachments_go_along_unchanged(mail):
    pdf = Attachment("certificate.pdf", "application/pdf", b"%PDF-1.7 \xff\x00")
    found = [part for part in again(mail("result", with_={"attachments": (pdf,)})).iter_attachments() if part.get_content_type() == "application/pdf"]
    assert [part.get_filename() for part in found] == ["certificate.pdf"]
    assert found[0].get_content() == pdf.content


# -- languages and zones --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("wanted", "expected"), [("de-AT", "de"), ("AR_eg", "ar"), ("xx", "en"), ("", "en"), (None, "en"), ("zh-Hant", "en")])
def test_a_reader_gets_their_language_or_the_programmes_first(mail, people, wanted, expected):
    assert mail("ask", with_={"reader": dataclasses.replace(people.mentee, language=wanted)})["Content-Language"] == expected


def test_a_language_that_the_programme_does_not_offer_is_not_used(mail, people, texts):
    only_german = texts.model_copy(update={"languages": ("de",)})
    assert mail("ask", with_={"reader": dataclasses.replace(people.mentee, language="ar"), "texts": only_german})["Content-Language"] == "de"


@pytest.mark.parametrize("zone", [None, "", "Nowhere/Land", "../../etc/passwd"])
def test_a_reader_without_a_usable_zone_reads_the_programmes(mail, people, zone):
    assert "All times are Berlin time." in text(mail("ask", with_={"reader": dataclasses.replace(people.mentee, time_zone=zone)}))


# -- odd names and addresses ----------------------------------------------------------------------------------------------

ODD = [
    "Ada\r\nBcc: everyone@people.example",
    'Ada "The Count" Lovelace, <evil@people.example>',
    "Ada\u202eecalevoL\u2028X-Evil: 1",
    "=?utf-8?q?Ada=0D=0AX-Evil:_1?=",
    "<script>alert(1)</script>",
    "{{ view.page }} {% raw %} %(partner)s",
    "A" * 400,
    "",
]


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("kind", ["welcome", "result", "case"])
def test_a_name_can_inject_neither_headers_nor_markup(mail, people, kind, name):
    partner = dataclasses.replace(people.mentor, name=name)
    reader = dataclasses.replace(people.coordinator if kind == "case" else people.mentee, name=name)
    with_ = {"reader": reader, "pair": (partner, reader)} if kind == "case" else {"reader": reader, "partner": partner}
    expected = [name for name, _ in mail(kind).items()]
    message = again(mail(kind, with_=with_))
    assert [name for name, _ in message.items()] == expected
    assert [address.addr_spec for address in message["To"].addresses] == [reader.email]
    assert "<script" not in html(message)
    assert "\u202e" not in text(message)
    for part in message.walk():
        if part.get_content_type() == "text/calendar":
            assert not re.search(r"^X-EVIL|^BCC", part.get_content(), re.MULTILINE | re.IGNORECASE)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "ada@",
        "@people.example",
        "ada@x.example\r\nBcc: b@x.example",
        "ada@x.example, b@x.example",
        "Ada <a@x.example>",
        "äda@people.example",
        "=?utf-8?q?a?=@x.example",
    ],
)
def test_an_unusable_address_is_refused_by_id_and_never_repeated(mail, people, address):
    with pytest.raises(NoAddress) as refused:
        mail("ask", with_={"reader": Reader("p-mentee0000000000", "Ada", address)})
    assert str(refused.value) == "p-mentee0000000000 has no usable mail address"


def test_an_international_domain_is_written_in_ascii(mail, people):
    message = mail("ask", with_={"reader": dataclasses.replace(people.mentee, email="ada@bücher.example")})
    assert message["To"].addresses[0].addr_spec == "ada@xn--bcher-kva.example"
    message = mail("ask", with_={"reader": dataclasses.replace(people.mentee, email="ada@straße.example")})
    assert message["To"].addresses[0].addr_spec == "ada@xn--strae-oqa.example", "strasse.example is somebody else's"


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "Your partner has stepped away from"), ("de", "Ihr Gegenüber ist aus dem Programm ausgeschieden"), ("ar", "انتهت مشاركة الطرف الآخر في البرنامج")],
)
def test_a_partner_whose_name_is_gone_begins_a_sentence_as_one_does(mail, people, language, said):
    nobody = {"reader": dataclasses.replace(people.mentee, language=language), "partner": None}
    assert said in one_line(mail("ended", stepped_away="mentor", with_=nobody))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("case", "nudge", "coordinator_told", "survey_reminder", "reissued")])
def test_a_partner_whose_name_is_gone_stands_in_the_case_that_a_german_sentence_asks_for(mail, people, kind):
    nobody = {"reader": dataclasses.replace(people.mentee, language="de"), "partner": None}
    body = one_line(mail(kind, with_=nobody, milestones=(), needed=None))
    found = re.findall(r"(\w+) (Ihr|Ihrem) Gegenüber", body)
    assert found
    assert all((form == "Ihrem") == (before.lower() in ("mit", "von", "bei")) for before, form in found), body


def test_a_partner_without_an_address_keeps_nobody_from_their_mail(mail, people):
    message = mail("welcome", with_={"partner": dataclasses.replace(people.mentor, email="")})
    assert "Grace Hopper" in text(message)


# -- the look -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_html_loads_nothing_from_anywhere_and_tracks_nobody(mail, kind):
    page = html(mail(kind))
    assert not re.search(r"<(img|script|link|iframe|object|form|video|audio)\b|url\(|@import|\bon\w+=", page, re.IGNORECASE)
    assert "prefers-color-scheme: dark" in page
    allowed = ("https://mentoring.example/", "https://stories.example/")
    assert all(address.startswith(allowed) for address in re.findall(r'(?:href|src|background)="([^"]*)"', page))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("code", ["en", "de", "ar"])
def test_text_keeps_to_lines_that_every_program_shows(mail, people, kind, code):
    reader = dataclasses.replace(people.coordinator if kind == "case" else people.mentee, language=code)
    long = [line for line in text(mail(kind, with_={"reader": reader})).splitlines() if len(line) > 78 and "://" not in line]
    assert long == []


def test_news_of_a_meeting_asks_and_brings_what_the_preparation_in_whose_place_it_goes_would_have(mail):
    """H10, H15: never two about one meeting at once, and nothing of the other is lost."""
    for kind in ("rescheduled", "move_proposed"):
        body = one_line(mail(kind, unreported=(1,), feedback_for=3, pulse=True, with_={"began": {1: DUE - timedelta(days=30)}}))
        assert "Which turn surprised you?" in body
        assert all(asked in body for asked in ("Did you meet on", "stays yours unless you share it", "Two short questions"))
