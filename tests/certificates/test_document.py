"""H8: a printable document that says what was signed, in whatever script the name is written."""

from __future__ import annotations

import io
import shutil
import subprocess
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import typst
from pypdf import PdfReader
from pypdf.generic import StreamObject

from certificates import document, typesetting
from certificates.issue import issue
from certificates.typesetting import FONTS, Unprintable, check_printable

BASE = "https://mentors.example.org"

NAMES = [
    "Zoë Łukasiewicz",
    "Nguyễn Thị Ánh Tuyết",
    "İğdır Çağlayan",
    "Светлана Ёлкина",
    "Ελένη Παπαδοπούλου",
    "فاطمة بنت محمد الحسيني",
    "گوهر\u200cخانم پژمان",
    "Fatima فاطمة",
    "O’Brien-D’Amico, Jr.",
]


def text_of(pdf: bytes) -> str:
    return " ".join(unicodedata.normalize("NFKC", page.extract_text()) for page in PdfReader(io.BytesIO(pdf)).pages)


def test_it_says_who_completed_what_and_when(facts, issuer):
    said = text_of(issue(facts(), issuer, base_url=BASE).pdf)
    for words in (
        "Certificate of Completion",
        "Zoë Łukasiewicz",
        "has completed",
        "Engineering mentorship 2025",
        "6 January 2025",
        "7 July 2025",
        "Example Works",
    ):
        assert words in said
    assert "Milestones" not in said


def test_milestones_are_printed_only_when_asked_for(facts, issuer):
    assert "9 of 11" in text_of(issue(facts(show_results=True), issuer, base_url=BASE).pdf)


def test_nothing_but_the_name_is_personal_in_it(facts, issuer):
    pdf = issue(facts(), issuer, base_url=BASE).pdf
    read = PdfReader(io.BytesIO(pdf))
    assert "zoe@example.org" not in text_of(pdf)
    assert "Łukasiewicz" not in str(read.metadata)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", ["en", "de", "ar"])
def test_latin_greek_cyrillic_and_arabic_names_are_printed_on_one_page(facts, issuer, name, language):
    pdf = issue(facts(holder_name=name, language=language), issuer, base_url=BASE).pdf
    assert len(PdfReader(io.BytesIO(pdf)).pages) == 1


def test_german_ends_with_its_verb_and_an_unknown_language_is_english(facts, issuer):
    assert "abgeschlossen hat" in text_of(issue(facts(language="de-AT"), issuer, base_url=BASE).pdf)
    assert "Certificate of Completion" in text_of(issue(facts(language="tlh"), issuer, base_url=BASE).pdf)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Maria Guadalupe Esperanza de la Concepción Fernández-Villanueva y Rodríguez de Montemayor Santísima Trinidad", "Short"),
        ("Ann", "A programme about everything that anybody may ever want to talk about " * 28),
        ("W" * 400, "M" * 2000),
        ("فاطمة بنت محمد " * 40, "الإرشاد الهندسي " * 100),
        ("Wolfeschlegelsteinhausenbergerdorff " * 20, "Short"),
    ],
)
def test_a_long_name_or_title_keeps_inside_the_frame(facts, issuer, name, title):
    pdf = issue(facts(holder_name=name[:2000], programme_title=title[:2000], show_results=True), issuer, base_url=BASE).pdf
    (page,) = PdfReader(io.BytesIO(pdf)).pages
    places: list[tuple[float, float]] = []

    def place(text: str, within: list[float], at: list[float], *_: object) -> None:
        if text.strip():
            places.append((at[4] * within[0] + within[4], at[5]))

    page.extract_text(visitor_text=place)
    assert places
    assert min(x for x, _ in places) > 40
    assert max(x for x, _ in places) < 842 - 40


@pytest.mark.parametrize("character", ["山", "😀", "한", "ꞵ"])
def test_a_character_that_no_font_prints_is_refused_by_name(facts, issuer, character):
    with pytest.raises(Unprintable) as refused:
        issue(facts(holder_name=f"Ann {character} Smith"), issuer, base_url=BASE)
    assert refused.value.character == character
    assert "Ann" not in str(refused.value)
    with pytest.raises(Unprintable):
        check_printable(f"Programme {character}")


@pytest.mark.parametrize("character", ["\u202e", "\u2066", "\x07", "\u200b"])
def test_invisible_characters_that_change_what_is_read_are_refused(facts, issuer, character):
    with pytest.raises(Unprintable) as refused:
        issue(facts(holder_name=f"Ann{character}Smith"), issuer, base_url=BASE)
    assert refused.value.character == character
    for where in ("title", "issuer"):
        with pytest.raises(Unprintable):
            document.document(
                facts(programme_title=f"A{character}B" if where == "title" else "Short"),
                "{}",
                f"A{character}B" if where == "issuer" else "Example",
                base_url=BASE,
            )


@pytest.mark.parametrize("text", NAMES)
def test_what_can_be_printed_is_known_before_a_programme_starts(text):
    check_printable(text)


def test_a_folder_of_fonts_adds_scripts(facts, issuer, tmp_path, monkeypatch):
    """Arabic stands in for a script that we do not ship: it is removed, refused, and accepted again with the folder."""
    shipped, added = tmp_path / "shipped", tmp_path / "added"
    shipped.mkdir()
    added.mkdir()
    for font in FONTS.glob("EBGaramond*.otf"):
        shutil.copy(font, shipped)
    shutil.copy(FONTS / "Amiri-Regular.ttf", added)
    monkeypatch.setattr(typesetting, "FONTS", shipped)
    monkeypatch.setattr(typesetting, "_fonts", typesetting._fonts.__wrapped__)
    every = typst.Fonts
    monkeypatch.setattr(typst, "Fonts", lambda **given: every(**given | {"include_embedded_fonts": False}))
    arabic = facts(holder_name="فاطمة")

    with pytest.raises(Unprintable):
        issue(arabic, issuer, base_url=BASE)
    assert issue(arabic, issuer, base_url=BASE, font_folder=added).pdf.startswith(b"%PDF")


@pytest.mark.parametrize(("words", "direction"), [("فاطمة (Fatima)", "rtl"), ("Fatima (فاطمة)", "ltr"), ("2027 ", "ltr"), ("«الإرشاد» 2027", "rtl")])
def test_a_line_runs_as_its_first_letter_does_in_any_language(words, direction):
    assert document._line(words) == {"words": words, "direction": direction}


def test_many_at_once_make_the_same_bytes_as_one_by_one(facts, issuer):
    people = [facts(holder_name=f"Person {letter}", language=language) for letter in "ABCD" for language in ("en", "ar")]
    alone = [issue(person, issuer, base_url=BASE) for person in people]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda person: issue(person, issuer, base_url=BASE), people)) == alone


def test_words_that_look_like_markup_are_printed_as_they_are(facts, issuer):
    strange = '#panic("x") *b* _i_ $x$ \\ @a <b> `c` // d [e] "f"'
    said = text_of(issue(facts(programme_title=strange), issuer, base_url=BASE).pdf)
    assert '#panic("x") *b* _i_' in said


def test_the_same_facts_make_the_same_bytes(facts, issuer):
    assert issue(facts(), issuer, base_url=BASE) == issue(facts(), issuer, base_url=BASE)


def test_it_claims_pdf_a_3a_and_pdf_ua_1(facts, issuer):
    read = PdfReader(io.BytesIO(issue(facts(), issuer, base_url=BASE).pdf))
    metadata = read.root_object["/Metadata"]
    assert isinstance(metadata, StreamObject)
    claims = metadata.get_data().decode()
    for claim in ("<pdfaid:part>3</pdfaid:part>", "<pdfaid:conformance>A</pdfaid:conformance>", "<pdfuaid:part>1</pdfuaid:part>"):
        assert claim in claims
    assert str(read.root_object["/Lang"]) == "en"
    assert read.root_object["/AF"]


def test_it_is_landscape_a4(facts, issuer):
    (page,) = PdfReader(io.BytesIO(issue(facts(), issuer, base_url=BASE).pdf)).pages
    assert (round(float(page.mediabox.width)), round(float(page.mediabox.height))) == (842, 595)


def test_every_font_has_its_licence_beside_it():
    fonts = {path.name.split("12")[0].split("-")[0] for path in FONTS.iterdir() if path.suffix in (".otf", ".ttf")}
    licences = {path.stem.removeprefix("OFL-") for path in FONTS.glob("OFL-*.txt")}
    assert fonts == licences
    assert all("SIL OPEN FONT LICENSE" in path.read_text() for path in FONTS.glob("OFL-*.txt"))


@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="poppler is not on this machine: what is drawn is not looked at")
def test_the_page_is_drawn_and_its_code_is_there(facts, issuer, tmp_path: Path):
    (tmp_path / "c.pdf").write_bytes(issue(facts(), issuer, base_url=BASE).pdf)
    subprocess.run(["pdftoppm", "-r", "72", "-gray", "-singlefile", "c.pdf", "c"], cwd=tmp_path, check=True)
    header, size, _, pixels = (tmp_path / "c.pgm").read_bytes().split(b"\n", 3)
    assert header == b"P5"
    width, height = map(int, size.split())
    corner = [pixels[y * width + x] for y in range(height - 140, height - 60) for x in range(width - 165, width - 90)]
    assert 0.2 < sum(1 for value in corner if value < 128) / len(corner) < 0.8, "a QR code is half dark"
