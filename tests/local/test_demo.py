"""The heart: a cohort from pairs to certificates, on real programs, with a worker killed in the middle."""

from __future__ import annotations

import email
import email.policy
import json
import signal

import pytest
from temporalio.client import WorkflowHistory

from certificates.issuer import Issuer
from certificates.verify import verify_file
from local.place import Place
from local.trouble import Trouble


@pytest.mark.timeout(420)
def test_the_demo_ends_as_expected_and_leaves_its_evidence(start, tmp_path, left_running):
    """It exits with 0 only if every pair came out as expected; others can read everything that it leaves."""
    folder = tmp_path / "demo"
    demo = start("demo", "--folder", str(folder))
    assert demo.ends(within=360) == 0, demo.output
    assert left_running(folder) == []

    outcome = json.loads((folder / "outcome.json").read_text())
    pairs = {pair["pair_id"]: pair for pair in outcome["pairs"]}
    told = {name: (p["phase"], p["milestones_done"], p["milestones_total"], p["ladder_rung"], len(p["certificates"]), p["ended"]) for name, p in pairs.items()}
    assert told == {
        "finishes": ("completed", 10, 10, 0, 2, None),
        "just-enough": ("completed", 8, 10, 0, 2, None),
        "one-short": ("completed", 7, 10, 0, 0, None),
        "cancels-late": ("completed", 9, 10, 2, 2, None),
        "disputes": ("completed", 9, 10, 0, 2, None),
        "pauses": ("completed", 10, 10, 0, 2, None),
        "ends-early": ("ended", 4, 10, 0, 0, "by_pair"),
        "silent": ("completed", 0, 10, 0, 0, None),
    }
    assert outcome["commands_sent"] == outcome["commands_applied"] + outcome["commands_refused"] > 100
    assert outcome["commands_refused"] == 2
    assert outcome["worker_killed"] is True

    mails = [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in (folder / "mails").glob("*.eml")]
    assert len(mails) == outcome["mails"] > 60
    results = [mail for mail in mails if "certificate.pdf" in [part.get_filename() for part in mail.iter_attachments()]]
    assert len(results) == 10

    certificates = {certificate for pair in outcome["pairs"] for certificate in pair["certificates"]}
    trust = Issuer.load(folder / "issuer.json", name="anybody").trust()
    for suffix in ("pdf", "json"):
        files = {path.stem: path for path in (folder / "certificates").glob(f"*.{suffix}")}
        assert set(files) == certificates
        assert all(verify_file(path.read_bytes(), trust=trust).valid for path in files.values())

    histories = list((folder / "histories").glob("*.json"))
    assert len(histories) == 9
    for path in histories:
        history = WorkflowHistory.from_json(path.stem, path.read_text())
        assert history.events[-1].HasField("workflow_execution_completed_event_attributes")


@pytest.mark.parametrize(("moment", "word"), [("starting Temporal", signal.SIGINT), ("starting Temporal", signal.SIGTERM), ("pairs added", signal.SIGINT)])
def test_an_interrupted_demo_leaves_nothing_running(start, tmp_path, left_running, moment, word):
    folder = tmp_path / "demo"
    demo = start("demo", "--folder", str(folder))
    demo.said(moment)
    with pytest.raises(Trouble, match="another stack is running in"), Place(folder).locked():
        pass
    demo.send(word)
    demo.send(word)  # impatience must not leave anything behind
    assert demo.ends() == 130, demo.output
    assert left_running(folder) == []


def test_a_second_stack_in_one_folder_is_refused(start, tmp_path):
    with Place(tmp_path / "demo").locked():
        second = start("demo", "--folder", str(tmp_path / "demo"))
        assert second.ends() == 1
    assert "another stack is running in" in second.output


def test_a_folder_with_other_things_in_it_is_left_alone(start, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    demo = start("demo", "--folder", str(tmp_path))
    assert demo.ends() == 1
    assert "thesis.txt" in demo.output
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
