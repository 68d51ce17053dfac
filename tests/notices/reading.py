"""How a test reads a mail, and the instants that these tests' mails are about."""

import typing
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

from mentorship.effects import NoticeKind

KINDS = typing.get_args(NoticeKind)
ENDS = datetime(2027, 7, 26, 22, tzinfo=UTC)
DUE = datetime(2027, 1, 29, 8, tzinfo=UTC)


def text(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return part.get_content()


def html(message: EmailMessage) -> str:
    part = message.get_body(("html",))
    assert part is not None
    return part.get_content()


def one_line(message: EmailMessage) -> str:
    return " ".join(text(message).split())


def again(message: EmailMessage) -> EmailMessage:
    """The mail as its recipient parses it from the wire."""
    return message_from_bytes(message.as_bytes(), policy=policy.default)
