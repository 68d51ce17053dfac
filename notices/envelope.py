"""What every mail has around its words: headers, a Message-ID that a retry repeats, boundaries that are not chance."""

from __future__ import annotations

import hashlib
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr

from notices.readers import Reader, plain

POLICY = SMTP.clone(max_line_length=900, cte_type="7bit")
"""Long header lines stay whole: folding would break the links in them. Bodies go as plain ASCII through any server."""


def digest(*parts: str) -> str:
    """A name made of `parts` that does not tell them: 40 hex digits."""
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:40]


def domain(sender: str) -> str:
    """The domain of a sender's address, with or without a name before it."""
    return parseaddr(sender)[1].rpartition("@")[2]


def addressed(reader: Reader, sender: str, *, subject: str, date: datetime, name: str) -> EmailMessage:
    """A mail without words yet; `name` is the left part of its Message-ID. Raises NoAddress."""
    sender_name, sender_address = parseaddr(sender)
    message = EmailMessage(POLICY)
    message["From"] = Address(display_name=plain(sender_name), addr_spec=sender_address)
    message["To"] = Address(display_name=reader.name, addr_spec=reader.address)
    message["Subject"] = subject
    message["Date"] = date
    message["Message-ID"] = f"<{name}@{domain(sender)}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    return message


def finished(message: EmailMessage, code: str, name: str) -> EmailMessage:
    """`message` with its language and with boundaries from its own name; call it last."""
    # Making a mail multipart hands headers that begin with Content- down to its first part, so this one waits until now.
    message["Content-Language"] = code
    for index, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=_{index}_{name}")
    return message
