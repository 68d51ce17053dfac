import asyncio, time
from mentorship.commands import ConfirmMeeting
async def test_x(house, calm):
    await house.start(calm())
    t=time.perf_counter(); tick=lambda w: print(w, round(time.perf_counter()-t,2))
    for first in range(0, 3000, 100):
        await asyncio.gather(*(house.signal(ConfirmMeeting(message_id=f"storm-{n}", by=house.mentor, meeting=n % 5)) for n in range(first, first + 100)))
    tick("sent")
    async with house.worker():
        tick("up")
        async def alls(): return len({r.message_id for r in await house.journal() if (r.message_id or "").startswith("storm-")})==3000
        await house.until(alls, within=90); tick("handled")
        await house.journal(); tick("journal")
        await house.idle(); tick("idle")
        await house.check_books(); tick("books")
    tick("exit")
    await house.check_books(); tick("books2")
