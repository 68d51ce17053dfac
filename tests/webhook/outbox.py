"""Receives the mails that pages send by themselves, such as a fresh link."""

from __future__ import annotations

from email.message import EmailMessage

from notices.smtp import TryLater


class Outbox:
    """Keeps the mails that the pages send; refuses them while `away`."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.away = False

    async def send(self, message: EmailMessage) -> None:
        if self.away:
            raise TryLater("the mail server could not be reached")
        self.mails.append(message)
