"""The words of a certificate, by language. A language that is missing here is served in English."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wording:
    """`before` is printed above the name, `between` above the programme's title, `after` below it (some languages end with the verb)."""

    language: str
    locale: str
    heading: str
    before: str
    between: str
    after: str
    period_label: str
    issued_label: str
    issuer_label: str
    results_label: str
    results: str
    verify: str
    picture: str
    attachment: str
    achievement: str
    criteria: str
    percent: str
    milestones: str


ENGLISH = Wording(
    language="en",
    locale="en_GB",
    heading="Certificate of Completion",
    before="This is to certify that",
    between="has completed the mentorship programme",
    after="",
    period_label="Programme",
    issued_label="Issued on",
    issuer_label="Issued by",
    results_label="Milestones",
    results="{done} of {total}",
    verify="Verify:",
    picture="QR code that opens {url}",
    attachment="The signed credential (Open Badges 3.0), which anybody can verify",
    achievement="Completed the mentorship programme “{title}”.",
    criteria=(
        "The programme sets milestones for a mentor and a mentee to reach together. Both receive the certificate when at least {share}% of the "
        "milestones were done by the end of the programme; what counts is the instant at which a milestone was done."
    ),
    percent="Share of the milestones done",
    milestones="Milestones done",
)

GERMAN = Wording(
    language="de",
    locale="de_DE",
    heading="Abschlusszertifikat",
    before="Hiermit wird bescheinigt, dass",
    between="das Mentoring-Programm",
    after="abgeschlossen hat",
    period_label="Programm",
    issued_label="Ausgestellt am",
    issuer_label="Ausgestellt von",
    results_label="Meilensteine",
    results="{done} von {total}",
    verify="Prüfen:",
    picture="QR-Code, der {url} öffnet",
    attachment="Der signierte Nachweis (Open Badges 3.0), den jede Person prüfen kann",
    achievement="Hat das Mentoring-Programm „{title}“ abgeschlossen.",
    criteria=(
        "Das Programm setzt Meilensteine, die zwei Menschen in einem Mentoring gemeinsam erreichen. Beide erhalten das Zertifikat, wenn bis zum Ende des "
        "Programms mindestens {share}\u00a0% der Meilensteine erreicht sind; es zählt der Zeitpunkt, zu dem ein Meilenstein erreicht wurde."
    ),
    percent="Anteil der erreichten Meilensteine",
    milestones="Erreichte Meilensteine",
)

ARABIC = Wording(
    language="ar",
    locale="ar",
    heading="شهادة إتمام",
    before="تُمنح هذه الشهادة إلى",
    between="لإتمام برنامج الإرشاد المهني",
    after="",
    period_label="مدة البرنامج",
    issued_label="تاريخ الإصدار",
    issuer_label="جهة الإصدار",
    results_label="المحطات",
    results="{done} من {total}",
    verify="للتحقق:",
    picture="رمز استجابة سريعة يفتح {url}",
    attachment="الإثبات الموقّع (Open Badges 3.0) الذي يمكن لأي شخص التحقق منه",
    achievement="إتمام برنامج الإرشاد المهني «{title}».",
    criteria=(
        "يحدد البرنامج محطات يبلغها المرشد والمسترشد معًا. يحصل كلاهما على الشهادة عند إنجاز ما لا يقل عن {share}% من المحطات "
        "حتى نهاية البرنامج، والعبرة بوقت إنجاز المحطة."
    ),
    percent="نسبة المحطات المنجزة",
    milestones="المحطات المنجزة",
)

LANGUAGES = {wording.language: wording for wording in (ENGLISH, GERMAN, ARABIC)}


def wording(language: str) -> Wording:
    """By the primary tag: `de-AT` gets German."""
    return LANGUAGES.get(language.replace("_", "-").partition("-")[0].lower(), ENGLISH)
