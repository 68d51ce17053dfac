"""`make secrets`: writes keys, passwords and settings for docker-compose.yml into a folder that only its owner can read.

It never replaces existing files: with a second keyring the first one's records would be unreadable.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import secrets
import shutil
import sys
from pathlib import Path

from certificates import issuer
from gateway.keyring import Keyring

FOLDER = Path(__file__).parent / "secrets"


def make(folder: Path) -> None:
    """Makes everything or nothing, since a partly filled folder would never be completed. Raises FileExistsError if the folder exists, OSError."""
    folder.mkdir(mode=0o700, parents=True)
    try:
        (folder.parent / "backups").mkdir(mode=0o700, exist_ok=True)
        _fill(folder)
    except OSError:
        shutil.rmtree(folder)
        raise


def _fill(folder: Path) -> None:
    """Writes one secret to each file, and beside them the settings that are not secret."""
    records = secrets.token_hex(24)
    Keyring.generate(folder / "keys.json")
    issuer.generate(folder / "issuer.json")
    webhook = {"hr-system": {"secret": "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode(), "scope": ["*"]}}
    for name, text in {
        "postgres_password": secrets.token_hex(24),
        "records_password": records,
        "grafana_password": secrets.token_urlsafe(24),
        "mentorship_database_url": f"postgresql://mentorship:{records}@postgres/mentorship",
        "mentorship_link_secrets": json.dumps([secrets.token_urlsafe(48)]),
        "mentorship_webhook_secrets": json.dumps(webhook),
        "mentorship_codec_tokens": json.dumps([secrets.token_urlsafe(48)]),
        "mentorship_smtp_password": "",
    }.items():
        _write(folder / name, text)
    _write(
        folder / "compose.env",
        "# Values that docker-compose.yml fills in. Only the user who made the keys can read them, so containers run as that user.\n"
        f"MENTORSHIP_USER={os.getuid()}:{os.getgid()}\n"
        "# Where browsers find Temporal's UI and the codec door. Change these as you need, together with MENTORSHIP_CODEC_ORIGINS in mentorship.env.\n"
        "UI_URL=http://127.0.0.1:8233\n"
        "CODEC_URL=http://127.0.0.1:8234/codec\n",
    )
    _write(
        folder / "mentorship.env",
        "# The service's settings, except secrets; README.md lists them all. Change these as you need.\n"
        "MENTORSHIP_BASE_URL=http://localhost:8080\n"
        "MENTORSHIP_ISSUER_NAME=Example Ltd\n"
        "MENTORSHIP_MAIL_FROM=Mentorship <mentorship@example.org>\n"
        "MENTORSHIP_SMTP_HOST=mail.example.org\n"
        "MENTORSHIP_SMTP_PORT=587\n"
        "MENTORSHIP_CODEC_ORIGINS=http://127.0.0.1:8233\n",
    )


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help="where to make them; it must not be there yet")
    folder: Path = parser.parse_args().folder
    try:
        make(folder)
    except FileExistsError as error:  # the folder of secrets exists, or something is in the place of the one for backups
        sys.exit(f"{error.filename} is there already and stays as it is: keys are not made twice")
    except OSError as error:
        sys.exit(f"{folder}: {error.strerror or 'cannot be written'}; nothing was made")
    if os.getuid() == 0:
        sys.stderr.write("containers will run as root, since root made the secrets: better make them as a user of their own\n")
    sys.stdout.write(f"made {folder}; now change what is yours in {folder / 'mentorship.env'}, and keep a copy of the folder apart from the backups\n")


if __name__ == "__main__":
    main()
