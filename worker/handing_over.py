"""Composing a mail and handing it to the mail server. A failure for good becomes Undeliverable; one that may pass is raised unchanged."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage

from activities.mail_once import Undeliverable
from notices.readers import NoAddress
from notices.smtp import Mailer, Refused
from notices.telling import NotToBeTold


async def hand_over(mailer: Mailer, compose: Callable[[], EmailMessage]) -> str:
    """The Message-ID of the mail that the server took. Raises Undeliverable, which tells nothing of its reader (H12), and TryLater."""
    try:
        message = compose()
        await mailer.send(message)
    except NoAddress:
        raise Undeliverable("no_address") from None
    except NotToBeTold:
        raise Undeliverable("undeliverable") from None
    except Refused:
        raise Undeliverable("bounced") from None
    return str(message["Message-ID"])
