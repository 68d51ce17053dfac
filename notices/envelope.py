"""What surrounds every mail's words: headers, a Message-ID that a retry repeats, boundaries that are not random."""

from __future__ import annotations

import hashlib
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import parseaddr
from typing import Any

from notices.letter import Letter
from notices.readers import Reader, plain

_WHOLE = SMTP.clone(max_line_length=900, cte_type="7bit")


class _Policy(EmailPolicy):
    """Writes words outside ASCII as encoded words of at most 75 characters, as RFC 2047 demands: programs show a longer one undecoded.

    Every other header line stays unfolded, since folding would break the links in it. `max_line_length` is for bodies.
    """

    def fold(self, name: str, value: Any) -> str:
        if name not in ("From", "To", "Subject") or str(value).isascii():
            return str(_WHOLE.fold(name, value))
        words, rest = str(value), ""
        if name != "Subject":
            (address,) = value.addresses
            words, rest = address.display_name, f"{self.linesep} <{address.addr_spec}>"
        encoded = Header(words, "utf-8", maxlinelen=75, header_name=name).encode(linesep=self.linesep)
        return f"{name}: {encoded}{rest}{self.linesep}"

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self.fold(name, value).encode("ascii")


POLICY = _Policy(linesep="\r\n", max_line_length=76, cte_type="7bit")
"""Bodies pass through any server as plain ASCII, and encoded ones have lines of at most 76 characters, as RFC 2045 demands: filters take longer ones for spam.
"""


def digest(*parts: str) -> str:
    """A name made from `parts` that does not reveal them: 40 hex digits."""
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:40]


def domain(sender: str) -> str:
    """The domain of a sender's address, with or without a name before it."""
    return parseaddr(sender)[1].rpartition("@")[2]


def addressed(reader: Reader, sender: str, *, subject: str, date: datetime, name: str) -> EmailMessage:
    """A mail without its words; `name` is the left part of its Message-ID. Raises NoAddress."""
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


def enclosed(words: Letter, code: str, *, reader: Reader, sender: str, date: datetime, name: str) -> EmailMessage:
    """A mail with these words, in the language `code`, and nothing else. Raises NoAddress."""
    message = addressed(reader, sender, subject=words.subject, date=date, name=name)
    message.set_content(words.text)
    message.add_alternative(words.html, subtype="html")
    return finished(message, code, name)


def finished(message: EmailMessage, code: str, name: str) -> EmailMessage:
    """`message` with its language, and with boundaries made from its own name; call it last."""
    # Making a mail multipart moves headers that begin with Content- to its first part, so this one is set last.
    message["Content-Language"] = code
    for index, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=_{index}_{name}")
    return message
