"""What the coordinators' list says in words: why a pair could use a person, one next step, and mails drafted for it (P7).

A line is a code. Nobody's reasons and no counts are available here (H14), so a reader cannot learn any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from notices.language import Language, choose, language
from notices.readers import NoAddress, Reader, plain

UNPRINTABLE = "unprintable"
"""A certificate waits for a font. `mentorship doctor` names the character, and the line closes by itself once there is a font for it."""


@dataclass(frozen=True, slots=True)
class LineWords:
    """Whole sentences."""

    why: str
    step: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail that a coordinator may send as it is, change, or ignore. `mailto` opens it in their own mail program.

    Subject and body are in `language`, that of its readers: `names`, at the addresses `to`.
    """

    language: Language
    names: tuple[str, ...]
    to: tuple[str, ...]
    subject: str
    body: str

    @property
    def mailto(self) -> str:
        asked = urlencode({"subject": self.subject, "body": self.body.replace("\n", "\r\n")}, quote_via=quote)
        return f"mailto:{','.join(quote(address, safe='@') for address in self.to)}?{asked}"


def code_of(line: str) -> str:
    """The kind of a line. For cancellations it leaves out whose they are: that is said by name, if at all."""
    return "cancellations" if line.startswith("cancellations") else line


def line_words(line: str, language: Language, about: str | None = None) -> LineWords:
    """The words for a line; also for a code that this release does not know. `about` names the person whom the line is about, if it is one person."""
    _ = language.translations.ugettext
    if about is not None and code_of(line) == "cancellations":
        step = _("Offer help to %(name)s: perhaps another rhythm fits. Nothing is imposed.") % {"name": about}
        return LineWords(_("Meetings keep falling through at short notice."), step)
    match code_of(line):
        case "not_held":
            return LineWords(
                _("Several planned meetings in a row did not take place."), _("Ask both what would help: other times, a slower rhythm, or a pause.")
            )
        case "silence":
            return LineWords(_("Nothing has been heard about the last meetings."), _("Ask both how it is going, and whether their mails arrive."))
        case "no_meeting":
            return LineWords(_("They have not had a first meeting yet."), _("Help them to find a first date."))
        case "rematch":
            return LineWords(_("A long time has passed since the start, and they have not met."), _("Offer both a new match, or a good close."))
        case "partner_left":
            return LineWords(_("One of the two stepped away from the programme."), _("Offer the other a new match, or a good close."))
        case "reporting_line":
            return LineWords(
                _("The two lie within one reporting line now."), _("Ask each of them separately whether they would like to go on or would prefer a new match.")
            )
        case "on_leave":
            return LineWords(_("One of the two is away for longer than a pause may last."), _("Ask the other how they would like to go on."))
        case "cancellations":
            return LineWords(
                _("Meetings keep falling through at short notice."),
                _("Offer help to the person named on your list: perhaps another rhythm fits. Nothing is imposed."),
            )
        case "unprintable":
            return LineWords(
                _("A certificate is waiting: one of its characters is in no font that is installed."),
                _("Ask whoever runs the service to add a font; “mentorship doctor” names the character. The certificate then comes by itself."),
            )
        case _:
            return LineWords(_("This pair could use a person."), _("Ask both how it is going."))


def drafts(line: str, *, people: Iterable[Reader], offered: Sequence[str], programme: str, coordinator: str) -> tuple[Draft, ...]:
    """Drafts to these people, whom the line is about: one mail for all who read the same language, chosen as for the service's own mails.

    `offered` are the programme's languages. People who cannot be written to are left out.
    """
    readers: dict[str, list[Reader]] = {}
    for person in people:
        if _address(person) is not None:
            readers.setdefault(choose(person.language, offered).code, []).append(person)
    return tuple(_drafted(line, language(code), group, programme, coordinator) for code, group in readers.items())


def _drafted(line: str, spoken: Language, people: Sequence[Reader], programme: str, coordinator: str) -> Draft:
    _ = spoken.translations.ugettext
    subject, first, second = _draft(code_of(line), _)
    names = tuple(person.name for person in people if person.name)
    called = [spoken.isolated(name) for name in names]
    match called:
        case [one, two]:
            greeting = _("Hello %(one)s and %(two)s,") % {"one": one, "two": two}
        case [one]:
            greeting = _("Hello %(name)s,") % {"name": one}
        case _:
            greeting = _("Hello,")
    beginning = _("I look after the programme %(programme)s.") % {"programme": spoken.isolated(plain(programme))}
    regards = _("Kind regards")
    body = "\n\n".join((greeting, f"{beginning} {first}", second, f"{regards}\n{plain(coordinator)}".strip()))
    return Draft(spoken, names, tuple(person.address for person in people), subject, body)


def _draft(code: str, _: Callable[[str], str]) -> tuple[str, str, str]:
    """The subject and two paragraphs. A draft about cancellations goes only to the person who cancelled, with nobody copied in."""
    match code:
        case "not_held":
            return (
                _("Your mentoring meetings"),
                _("Several of your planned meetings did not take place. That happens, and nobody needs to explain anything."),
                _("What would help: other times, a slower rhythm, or a pause? Tell me; you can also propose other times on your page."),
            )
        case "silence":
            return (
                _("How is it going with your mentoring?"),
                _("We have not heard how your last meetings went. If you met, two taps on your page are enough; if not, that is fine as well."),
                _("Do our mails reach you? And is there anything that I can do?"),
            )
        case "no_meeting":
            return (
                _("Shall we find your first date?"),
                _("As far as we know, you have not had your first meeting yet."),
                _("If dates are the difficulty, send me two or three that would suit you, and I will help."),
            )
        case "rematch":
            return (
                _("How would you like to go on?"),
                _("As far as we know, you have not been able to meet yet. That has many possible causes, and none is held against anybody."),
                _(
                    "Would you like to begin now, would a new match suit you better, or shall it come to a good close? Each is fine; tell me, each for yourself."
                ),
            )
        case "partner_left":
            return (
                _("How would you like to go on?"),
                _("Your mentorship has ended, since one of you stepped away from the programme."),
                _("Would a new match suit you, or shall it come to a good close? What you have reached so far stays yours."),
            )
        case "reporting_line":
            return (
                _("How would you like to go on?"),
                _("I see that one of you now stands above the other in the company. A mentorship is meant to be free of that, though nothing ends by itself."),
                _("Would you like to go on as you are, or would a new match suit you better? Either is fine; tell me, each for yourself."),
            )
        case "cancellations":
            return (
                _("Can I help with your mentoring meetings?"),
                _("As you know, the service told me that meetings have fallen through at short notice. I know no reasons, and nothing is held against you."),
                _("Would another rhythm, other times or a pause make it easier? I am glad to help, in ten minutes or by mail."),
            )
        case "on_leave":  # the partner was told only of a pause, so the draft says no more
            return (
                _("How would you like to go on?"),
                _("The longest pause that the programme allows is used up, and your meetings could not go on yet."),
                _(
                    "Should the pause last longer, or should the mentorship come to a good close, or begin anew at a later time? Each is fine; tell me, each for yourself."
                ),
            )
        case "unprintable":
            return (
                _("Your certificate is on its way"),
                _("One of your certificates is held up by a technical detail: a character in it could not be printed yet. We are looking after it."),
                _("There is nothing for you to do. It comes by itself as soon as it is ready."),
            )
        case _:
            return (_("Your mentorship"), _("I would like to hear how you are doing."), _("Is there anything that I can do for you?"))


def _address(person: Reader) -> str | None:
    try:
        return person.address
    except NoAddress:
        return None
