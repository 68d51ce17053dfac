"""`make secrets`: keys, passwords and settings for docker-compose.yml, into a folder that only its owner reads.

Nothing that is there is ever replaced: a second keyring would make the first one's records unreadable.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import sys
from pathlib import Path

from certificates import issuer
from gateway.keyring import Keyring

FOLDER = Path(__file__).parent / "secrets"


def make(folder: Path) -> None:
    """Raises FileExistsError when the folder is there already."""
    folder.mkdir(mode=0o700, parents=True)
    records = secrets.token_hex(24)
    Keyring.generate(folder / "keys.json")
    issuer.generate(folder / "issuer.json")
    webhook = {"hr-system": {"secret": "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode(), "scope": ["*"]}}
    _write(
        folder / "compose.env",
        "# What docker-compose.yml fills in. Only whoever made the keys can read them: containers run as the same user.",
        f"MENTORSHIP_USER={os.getuid()}:{os.getgid()}",
        f"POSTGRES_PASSWORD={secrets.token_hex(24)}",
        f"RECORDS_PASSWORD={records}",
    )
    _write(
        folder / "mentorship.env",
        "# The service's settings; README.md lists them all. The lines in the middle are yours to change.",
        "MENTORSHIP_BASE_URL=http://localhost:8080",
        "MENTORSHIP_ISSUER_NAME=Example Ltd",
        "MENTORSHIP_MAIL_FROM=Mentorship <mentorship@example.org>",
        "MENTORSHIP_SMTP_HOST=mail.example.org",
        "MENTORSHIP_SMTP_PORT=587",
        "",
        f"MENTORSHIP_DATABASE_URL=postgresql://mentorship:{records}@postgres/mentorship",
        f"MENTORSHIP_LINK_SECRETS='{json.dumps([secrets.token_urlsafe(48)])}'",
        f"MENTORSHIP_WEBHOOK_SECRETS='{json.dumps(webhook)}'",
    )


def _write(path: Path, *lines: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    try:
        make(folder)
    except FileExistsError:
        sys.exit(f"{folder} is there already and stays as it is: keys are not made twice")
    sys.stdout.write(f"made {folder}; now change what is yours in {folder / 'mentorship.env'}, and keep a copy of the folder apart from the backups\n")


if __name__ == "__main__":
    main()
