"""H8: what would hold up a certificate half a year later is reported before anything starts, and stops nothing."""

from __future__ import annotations


def test_a_name_that_no_font_prints_is_a_notice_with_the_character_and_the_rosters_id(files, run):
    files.people.write_text(files.people.read_text().replace("Mia", "Mia 山"))
    ran = run("cohort", "start", *files.options(), "--dry-run")
    assert ran.code == 0, ran.err
    assert "notice: name of m1: no font at hand prints U+5C71" in ran.err
    assert "Mia" not in ran.err
    assert "name of e1" not in ran.err


def test_a_title_that_no_font_prints_is_told_by_check_and_one_that_prints_is_not(files, run):
    assert "font" not in run("programme", "check", str(files.programme)).err
    files.programme.write_text(files.programme.read_text().replace("title: Spring", "title: Spring 山", 1))
    ran = run("programme", "check", str(files.programme))
    assert ran.code == 0
    assert "notice: programme.title: no font at hand prints U+5C71" in ran.err
