"""What the two have said before a test begins."""

from __future__ import annotations

from mentorship import commands as c


async def confirmed(two):
    for who in ("ana", "ben"):
        assert await two.say(who, c.ConfirmMeeting(meeting="all")) == "applied"
