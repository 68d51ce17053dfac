"""What `mentorship doctor` says about certificates, their issuer and their fonts."""

from __future__ import annotations

import shutil

from structlog.testing import capture_logs

from certificates.issuer import generate
from certificates.typesetting import FONTS
from gateway.settings import Settings
from records.people import Profile
from tests.starter.certificate.place import FIELDS
from worker import main as worker_main


def test_the_doctor_names_the_character_that_no_font_prints(place, run):
    async def waiting(records):
        ref = (await records.people.enrol([Profile(person_id="yu", name="Yu 山", email="yu@example.org")]))["yu"]
        await records.certificates.reserve("mentorship.spring.m-000000000001", ref, FIELDS | {"holder_ref": ref, "holder_name": "Yu 山"})

    place.run(waiting)
    ran = run("doctor")
    assert ran.code == 1
    assert "U+5C71 CJK UNIFIED IDEOGRAPH-5C71" in ran.err
    assert "MENTORSHIP_FONT_FOLDER" in ran.err
    assert "Yu" not in ran.err


def test_the_doctor_names_an_issuers_file_that_no_worker_starts_with(place, run, monkeypatch, tmp_path):
    path = tmp_path / "open-to-all.json"
    monkeypatch.setenv("MENTORSHIP_ISSUER_KEY_FILE", str(path))
    assert " issuer: " not in run("doctor").err, "who asks need not sign"
    generate(path)
    path.chmod(0o644)
    assert f"wrong  issuer: {path}: expected mode 0600" in run("doctor").err


def test_a_font_that_cannot_be_read_is_named_by_the_doctor_and_in_the_workers_log(place, run, monkeypatch, tmp_path):
    """Otherwise a certificate would wait for a font although somebody had put it there."""
    shutil.copy(FONTS / "Amiri-Regular.ttf", tmp_path / "whole.ttf")
    (tmp_path / "OFL.txt").write_text("a licence")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "Half.OTF").write_bytes((FONTS / "Amiri-Regular.ttf").read_bytes()[:1000])
    (tmp_path / "gone.ttf").symlink_to(tmp_path / "nowhere")
    monkeypatch.setenv("MENTORSHIP_FONT_FOLDER", str(tmp_path))
    left_out = {
        str(tmp_path / "gone.ttf"): "not there, or not for this process's user",
        str(tmp_path / "more" / "Half.OTF"): "no font that is read here, or a damaged one",
    }
    looked = run("doctor")
    assert (looked.code, [line for line in looked.err.splitlines() if " font: " in line]) == (
        1,
        [f"wrong  font: {path}: {why}; see MENTORSHIP_FONT_FOLDER" for path, why in left_out.items()],
    )
    with capture_logs() as told:
        worker_main._tell_of_fonts(Settings.load())
    assert {line["path"]: line["why"] for line in told if line["event"] == "font_left_out"} == left_out
