from __future__ import annotations

import base64
import errno
import json
import os
import stat
import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gateway import key_file
from gateway.keyring import Keyring, KeyringUnusable, UnknownKey

KEY = base64.b64encode(bytes(range(32))).decode()
OTHER = base64.b64encode(bytes(32)).decode()


def text(**changed):
    return json.dumps({"active": "k1", "keys": {"k1": KEY}, "index": OTHER} | changed)


def test_a_generated_file_is_for_its_owner_only(tmp_path):
    Keyring.generate(tmp_path / "deep" / "keys.json")
    assert stat.S_IMODE((tmp_path / "deep" / "keys.json").stat().st_mode) == 0o600


def test_a_generated_file_is_never_replaced(tmp_path, keyring):
    before = (tmp_path / "keys.json").read_bytes()
    with pytest.raises(FileExistsError):
        Keyring.generate(tmp_path / "keys.json")
    assert Keyring.load_or_generate(tmp_path / "keys.json").active == keyring.active
    assert (tmp_path / "keys.json").read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_file_that_others_may_touch_is_refused(mode, tmp_path, keyring):
    (tmp_path / "keys.json").chmod(mode)
    with pytest.raises(KeyringUnusable, match="chmod 600"):
        Keyring.load(tmp_path / "keys.json")


def test_a_missing_file_is_a_mistake_and_is_not_made(tmp_path):
    with pytest.raises(KeyringUnusable, match=r"no such key file; see MENTORSHIP_KEY_FILE \(after `make run`: \. \.mentorship/run/env\)"):
        Keyring.load(tmp_path / "keys.json")
    assert not (tmp_path / "keys.json").exists()


def test_the_environment_comes_before_the_file(tmp_path, keyring):
    assert Keyring.load(tmp_path / "keys.json", env=text()).active == "k1"


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "{",
        "[]",
        text(active="k2"),
        text(keys={}),
        text(keys={"K 1": KEY}),
        text(keys={"k1": KEY[:-4]}),
        text(keys={"k1": "!" + KEY}),
        text(index="short"),
        text(more=1),
    ],
)
def test_malformed_keys_are_refused_without_showing_any(broken):
    with pytest.raises(KeyringUnusable) as caught:
        Keyring.parse(broken, "MENTORSHIP_KEYS")
    told = f"{caught.value!r} {caught.value} {caught.value.__cause__}"
    assert "MENTORSHIP_KEYS" in told
    assert KEY[:8] not in told


def test_keys_are_shown_by_id_only(tmp_path):
    keyring = Keyring.parse(text())
    assert KEY[:8] not in f"{keyring!r} {keyring}"
    assert "k1" in repr(keyring)


def test_every_purpose_and_every_key_has_bytes_of_its_own():
    keyring = Keyring.parse(text(keys={"k1": KEY, "k2": OTHER}))
    found = [keyring.derive("a"), keyring.derive("b"), keyring.derive("a", "k2"), keyring.index_key("a"), keyring.index_key("b")]
    assert len(set(found)) == len(found)
    assert {len(key) for key in found} == {32}
    assert keyring.derive("a", "k1") == keyring.derive("a") == Keyring.parse(text()).derive("a")


@pytest.mark.parametrize(
    ("active", "keys", "index"),
    [
        ("k2", {"k1": bytes(32)}, bytes(32)),
        ("k1", {"k1": bytes(31)}, bytes(32)),
        ("k1", {"k1": bytes(32), "k2": b""}, bytes(32)),
        ("k1", {"k1": bytes(32)}, b""),
    ],
)
def test_no_keyring_is_made_of_keys_that_are_too_short_or_not_there(active, keys, index):
    with pytest.raises(KeyringUnusable):
        Keyring(active, keys, index)


def test_a_key_file_is_changed_only_while_it_is_its_owners_and_never_by_half(tmp_path, keyring):
    path = tmp_path / "keys.json"
    before = path.read_bytes()
    path.chmod(0o640)
    for change in (key_file.add, key_file.newest, partial(key_file.activate, key_id=keyring.active)):
        with pytest.raises(KeyringUnusable, match="chmod 600"):
            change(path)
    path.chmod(0o600)
    for refused in (partial(key_file.drop, key_id="k-none"), partial(key_file.drop, key_id=keyring.active), partial(key_file.activate, key_id="k-none")):
        with pytest.raises(KeyringUnusable):
            refused(path)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["keys.json"]


def test_an_unknown_key_id_is_named():
    with pytest.raises(UnknownKey, match="k9") as caught:
        Keyring.parse(text()).derive("a", "k9")
    assert caught.value.key_id == "k9"


def test_a_rotated_key_still_opens_and_the_index_stays():
    before = Keyring.parse(text())
    after = Keyring.parse(text(active="k2", keys={"k1": KEY, "k2": OTHER}))
    assert after.active == "k2"
    assert after.derive("a", "k1") == before.derive("a")
    assert after.index_key("a") == before.index_key("a")


def test_two_generated_keyrings_never_share_a_key_id(tmp_path):
    assert Keyring.generate(tmp_path / "a").active != Keyring.generate(tmp_path / "b").active


def test_who_looks_while_keys_are_made_finds_none_or_all_of_them(tmp_path, monkeypatch):
    """Two programs start for the first time at once, or one was killed or ran out of space while writing."""
    path, sync = tmp_path / "keys.json", os.fsync

    def looked_at(descriptor: int) -> None:
        assert not path.exists()
        sync(descriptor)

    monkeypatch.setattr("gateway.keyring.os.fsync", looked_at)
    made = Keyring.generate(path)
    assert Keyring.load_or_generate(path).active == made.active

    def no_room(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("gateway.keyring.os.fsync", no_room)
    with pytest.raises(OSError, match="No space"):
        Keyring.generate(tmp_path / "other.json")
    assert [file.name for file in tmp_path.iterdir()] == ["keys.json"]


def test_of_two_changes_of_a_key_file_at_once_neither_is_lost(tmp_path, keyring, monkeypatch):
    path, write = tmp_path / "keys.json", key_file._write
    added: list[str] = []
    other = threading.Thread(target=lambda: added.append(key_file.add(path)))

    def overtaken(target: Path, stored: dict[str, Any]) -> None:
        monkeypatch.undo()
        other.start()
        other.join(0.2)  # it waits for this one, without any outward sign
        write(target, stored)

    monkeypatch.setattr(key_file, "_write", overtaken)
    added.append(key_file.add(path))
    other.join()
    assert set(Keyring.load(path).key_ids) == {keyring.active, *added}
