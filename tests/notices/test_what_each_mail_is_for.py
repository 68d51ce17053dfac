"""What each kind of mail is for, and what it includes (H2, H5, H7, H10, H11, H13, H15)."""

import dataclasses
import re
from datetime import timedelta

import pytest

from mentorship.duration import iso
from mentorship.effects import MilestoneFacts
from notices.readers import Attachment, Elsewhere
from tests.notices.reading import DUE, ENDS, again, html, one_line, text


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
    """H7, P6: a mentor who joined later needs the share of what remained, so each is told only about their own."""
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
    accepted = one_line(mail("prepare", meeting=series[5].model_copy(update={"accepted": True})))
    assert "You accepted this time" in accepted
    assert "Accept it" not in accepted


@pytest.mark.parametrize("kind", ["prepare", "ask", "halfway", "heads_up"])
def test_who_would_like_more_time_is_told_in_what_goes_anyway(mail, kind):
    """P6: it takes both, and only the page said so."""
    assert "Grace Hopper would like 4 weeks more" in (told := one_line(mail(kind, longer=iso("P4W"))))
    assert "If you say nothing, everything stays as planned." in told
    assert "weeks more" not in one_line(mail(kind))


def test_a_topic_that_was_sent_before_is_named_and_not_sent_again(mail, series):
    fresh, repeated = one_line(mail("prepare")), one_line(mail("prepare", meeting=series[1].model_copy(update={"session_sent": True})))
    assert "Which turn surprised you?" in fresh
    assert "https://stories.example/a?b=1&c=2" in fresh
    assert "Topic: Career stories" in repeated
    assert "Which turn surprised you?" not in repeated
    assert "stories.example" not in repeated


@pytest.mark.parametrize(("code", "says"), [("en", "Its questions are on your page."), ("de", "Die Fragen dazu stehen"), ("ar", "أسئلته في صفحتكم")])
@pytest.mark.parametrize("kind", ["prepare", "rescheduled"])
def test_a_topic_that_came_into_the_place_of_another_is_named_and_its_questions_are_left_to_the_page(mail, people, series, kind, code, says):
    """H10: nobody wrote them to the reader, and the next preparation may have to."""
    moved = {"previous_start": series[1].start - timedelta(days=1), "session_on_page": True}
    with_ = {"reader": dataclasses.replace(people.mentee, language=code)}
    told = one_line(mail(kind, meeting=series[1].model_copy(update=moved), with_=with_))
    assert says in told
    assert "Career stories" in told
    assert not re.search(r"Which turn|stories\.example", told)
    without = series[1].model_copy(update={**moved, "session": 2})
    assert says not in one_line(mail(kind, meeting=without, with_=with_)), "it has none"


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
        ("en", "on Monday 1 February? One tap is enough", "on Monday 1 February and Monday 15 February? One tap for each"),
        ("de", "am Montag, 1. Februar getroffen? Einmal", "am Montag, 1. Februar und Montag, 15. Februar getroffen? Je einmal"),
        ("ar", "يوم الاثنين، 1 فبراير؟ نقرة واحدة", "في هذين اليومين: الاثنين، 1 فبراير والاثنين، 15 فبراير؟ نقرة لكل منهما"),
    ],
)
def test_meetings_without_word_are_named_by_their_days(mail, people, series, language, one, two):
    with_ = {"reader": dataclasses.replace(people.mentee, language=language), "began": {facts.meeting: facts.start for facts in series}}
    assert one in one_line(mail("prepare", unreported=(1,), meeting=series[2], with_=with_))
    assert two in one_line(mail("prepare", unreported=(1, 2), meeting=series[2], with_=with_))


def test_what_has_passed_when_a_mail_goes_is_not_announced(mail, series):
    """P5: the mail keeps the notice's own instant as its date."""
    late = mail("prepare", with_={"at": series[1].start - timedelta(hours=24)})
    assert "freely" not in one_line(late)
    assert late["Date"] == mail("prepare")["Date"]
    assert "move it freely" in one_line(mail("prepare", with_={"at": series[1].start - timedelta(hours=24, seconds=1)}))
    assert re.findall(r"^ ?(\d+)\. ", text(mail("welcome", with_={"at": series[9].start + timedelta(hours=2)})), re.MULTILINE) == ["11", "12"]


def test_no_mail_is_dated_after_it_goes(mail, notice):
    """What happens to a mentorship before its start is dated at the start. Three months ahead, such a mail would be spam, or stay on top of an inbox."""
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


@pytest.mark.parametrize(
    ("code", "asked", "reports"),
    [("en", "[Ss]ix questions", "can be reported until"), ("de", "[Ss]echs Fragen", "melden"), ("ar", "الأسئلة الستة|ستة أسئلة", "يمكن تسجيله حتى")],
)
def test_who_has_answered_the_survey_reads_only_until_when_to_report(mail, people, code, asked, reports):
    """Calm: they answered on their page while the mail waited for the morning."""
    with_ = {"reader": dataclasses.replace(people.mentee, language=code)}
    for answered in (False, True):
        message = mail("closing_survey", survey_answered=answered, feedback_for=9, with_=with_)
        for said in (f"{message['Subject']} {one_line(message)}", html(message)):
            assert bool(re.search(asked, said)) is not answered, said
        assert re.search(reports, one_line(message))
        assert html(message).count('class="button" href="https://mentoring.example/p/tok"') == 1
        assert "A day of shadowing" in one_line(message)


@pytest.mark.parametrize("kind", ["closing_survey", "result"])
@pytest.mark.parametrize(
    ("code", "thanked", "presumed"), [("en", "taking part", "hours|the time"), ("de", "dabei waren", "Zeit genommen"), ("ar", "مشاركتكما", "الساعات|الوقت")]
)
def test_nobody_is_thanked_for_hours_that_there_may_not_have_been(mail, people, kind, code, thanked, presumed):
    """H14: a pair that never met would read it as a reproach."""
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
    """One that facts complete cannot be reported, and one for both needs both; those that were carried over count."""
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


@pytest.mark.parametrize("kind", ["ask", "closing_survey"])
def test_nobody_is_asked_to_report_what_they_reported_and_the_partner_is(mail, kind):
    """Milestones: one for both needs the word of the other; nor does anybody report again what they objected to."""
    assert "A day of shadowing" in one_line(mail(kind))
    assert "A day of shadowing" not in one_line(mail(kind, answered=("shadowing",)))
    assert "A day of shadowing" in one_line(mail(kind, awaits_reader=("shadowing",)))


@pytest.mark.parametrize("whose", ["awaits_reader", "answered"])
def test_what_one_of_the_two_reported_is_not_called_unreported(mail, whose):
    """H7: as after an objection."""
    assert "A day of shadowing: not reported by both of you" in one_line(mail("result", met_with_share=False, **{whose: ("shadowing",)}))


@pytest.mark.parametrize(("code", "told"), [("en", "Your certificate is being made"), ("de", "Ihr Zertifikat"), ("ar", "شهادتكم")])
def test_an_end_before_its_time_announces_the_certificate_that_was_earned(mail, people, code, told):
    """H7, P6: it is made meanwhile, and comes in a mail of its own."""
    reader = dataclasses.replace(people.mentee, language=code)
    assert [told in one_line(mail("ended", certificate_follows=earned, with_={"reader": reader})) for earned in (True, False)] == [True, False]


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
        ("Cleo · Mon 15\u00a0Feb, 22:00", "https://mentoring.example/p/cleo"),
        ("Your partner · Mon 1\u00a0Mar, 22:00", "https://mentoring.example/p/nobody"),
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


def test_news_of_a_meeting_asks_and_brings_what_the_preparation_in_whose_place_it_goes_would_have(mail):
    """H10, H15: never two about one meeting at once, and nothing of the other mail is lost."""
    for kind in ("rescheduled", "move_proposed"):
        body = one_line(mail(kind, unreported=(1,), feedback_for=3, pulse=True, with_={"began": {1: DUE - timedelta(days=30)}}))
        assert "Which turn surprised you?" in body
        assert all(asked in body for asked in ("Did you meet on", "stays yours unless you share it", "Two short questions"))
