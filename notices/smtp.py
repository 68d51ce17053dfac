"""Hands mails to an SMTP server, and tells a permanent refusal from one that is worth another try.

Neither error carries an address or the server's own words, which often repeat it (H12): the codes are enough to act on.
"""

from __future__ import annotations

import contextlib
import re
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import getaddresses
from typing import Literal

import aiosmtplib

Tls = Literal["none", "starttls", "tls"]

_STATUS = re.compile(r"^[245]\.\d{1,3}\.\d{1,3}\b")
_NOT_ALLOWED = "5.7."
"""The status of a recipient refused for security or policy (RFC 3463), as by a server that does not relay for us. The address itself is fine."""
_TOO_BIG = 552
_TRANSIENT_BELOW = 500


class SmtpFault(Exception):  # noqa: N818 - its two kinds read as what happened and what to do
    """What the server said: `code` such as 550, `status` such as 5.1.1; both None when it said nothing."""

    def __init__(self, what: str, *, code: int | None = None, status: str | None = None) -> None:
        said = " ".join(str(part) for part in (code, status) if part is not None)
        super().__init__(f"{what} ({said})" if said else what)
        self.code = code
        self.status = status


class Refused(SmtpFault):
    """The server will never take this mail for this recipient, so do not try again."""


class TryLater(SmtpFault):
    """The mail was not taken this time. That includes a wrong password or sender, and a server that does not relay: no mail is lost because of a setting."""


@dataclass(frozen=True)
class Mailer:
    """Sends one mail per connection. Delivery is at least once: after a time-out behind the last byte, nobody knows whether the mail arrived.

    `timeout` is in seconds, for each step of the conversation.
    """

    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: Tls = "none"
    timeout: float = 20.0

    async def send(self, message: EmailMessage) -> None:
        """Raises Refused for a permanent refusal, TryLater for everything that may pass."""
        fault = await self._attempt(message)
        if fault is not None:
            # Raised outside the handler, so without a context that would lead a trace to the server's words.
            raise fault

    async def _attempt(self, message: EmailMessage) -> SmtpFault | None:
        sender = _addresses(message, "From")
        recipients = _addresses(message, "To")
        if len(sender) != 1 or not recipients:
            return Refused("the mail has no sender or no recipient")
        client = aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            use_tls=self.tls == "tls",
            start_tls=self.tls == "starttls",
            tls_context=ssl.create_default_context() if self.tls != "none" else None,
            username=self.user or None,
            password=self.password or None,
            timeout=self.timeout,
        )
        try:
            await client.connect()
        except (aiosmtplib.SMTPException, OSError, ValueError) as problem:
            client.close()
            code = _code(problem)
            what = "could not be reached as asked; see MENTORSHIP_SMTP_HOST, _PORT and _TLS" if code is None else "did not let us in"
            return TryLater(f"the mail server {what}", code=code, status=_status(problem))
        try:
            await client.sendmail(sender[0], recipients, message.as_bytes())
        except aiosmtplib.SMTPRecipientsRefused as problem:
            refused = problem.recipients[0]
            status = _status(refused)
            if status is not None and status.startswith(_NOT_ALLOWED):
                return TryLater("we may not send to the recipient", code=refused.code, status=status)
            return _judged("the recipient was refused", refused)
        except aiosmtplib.SMTPSenderRefused as problem:
            if problem.code == _TOO_BIG:
                return _judged("the mail was refused", problem)
            return TryLater("the sender was refused", code=problem.code, status=_status(problem))
        except aiosmtplib.SMTPResponseException as problem:
            return _judged("the mail was refused", problem)
        except ValueError:
            return Refused("an address cannot be written in SMTP")
        except (aiosmtplib.SMTPException, OSError) as problem:
            return TryLater("the conversation with the mail server broke off", code=_code(problem))
        finally:
            # The mail has been taken or refused by now; a QUIT that fails must not send it twice.
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await client.quit()
            client.close()
        return None


def _addresses(message: EmailMessage, header: str) -> list[str]:
    return [address for _, address in getaddresses([str(value) for value in message.get_all(header, [])]) if address]


def _judged(what: str, problem: aiosmtplib.SMTPResponseException) -> SmtpFault:
    kind = TryLater if problem.code < _TRANSIENT_BELOW else Refused
    return kind(what, code=problem.code, status=_status(problem))


def _code(problem: BaseException) -> int | None:
    code = getattr(problem, "code", None)
    return code if isinstance(code, int) else None


def _status(problem: BaseException) -> str | None:
    """The enhanced status code, and nothing else of what the server wrote."""
    match = _STATUS.match(str(getattr(problem, "message", "")))
    return match.group() if match else None
