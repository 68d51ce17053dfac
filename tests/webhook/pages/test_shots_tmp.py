import asyncio, socket, os
from datetime import timedelta
import uvicorn
from playwright.async_api import async_playwright
from mentorship import commands as c
from mentorship.people import Pair

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


async def test_shots(app, two, running, clock, records):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.05)
    for who in ("ana", "ben"):
        await two.say(who, c.ConfirmMeeting(meeting="all"))
    await two.say("ben", c.ConfirmExpectations(expectations=("trust",)) if False else c.ConfirmExpectations(expectations=c.EXPECTATIONS[:2]))
    nid = await records.notes.put(two.ref("ben"), two.mentorship, "goal", "Lead a design review from start to end")
    a1 = await records.notes.put(two.ref("ben"), two.mentorship, "goal", "Ask Mara to sit in on hers")
    await two.say("ben", c.SetGoal(goal="g-1", note_id=nid, actions=(a1,)))
    for n in (1, 2):
        await two.until(two.meeting(n).start + timedelta(hours=1))
        await two.say("ben", c.ReportMeeting(meeting=n, held=True))
    await two.until(two.meeting(3).start - timedelta(days=4))
    await two.say("ben", c.CancelMeeting(meeting=3, reason="work"))
    await two.until(two.meeting(4).start + timedelta(hours=3))
    await two.say("ana", c.RecordMilestone(milestone="shadowing"))
    await two.say("ana", c.MoveMeeting(meeting=5, to=two.meeting(5).start + timedelta(days=1)))
    await two.say("ben", c.SubmitPrivately(body=c.Pins(benefits=("mentee.0", "everyone.1"))))
    await two.until(two.meeting(5).start - timedelta(hours=20))
    base = f"http://127.0.0.1:{port}"
    out = "/tmp/shots"
    os.makedirs(out, exist_ok=True)
    async with async_playwright() as p:
        b = await p.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)

        async def shot(name, path, **kw):
            ctx = await b.new_context(**{"viewport": {"width": 820, "height": 900}, **kw})
            pg = await ctx.new_page()
            await pg.goto(base + path)
            await pg.screenshot(path=f"{out}/{name}.png", full_page=kw.get("full",False))
            await ctx.close()

        await shot("ar",two.page()+"?lang=ar",viewport={"width":820,"height":1300})
        await shot("de",two.page()+"?lang=de",viewport={"width":820,"height":1300})
        await shot("who","/who-sees-what",viewport={"width":1280,"height":1000})
        await shot("whophone","/who-sees-what?lang=ar",viewport={"width":360,"height":900})
        await shot("phone",two.page("ana"),viewport={"width":360,"height":1100},color_scheme="dark")
        await shot("private",two.private()+"?lang=ar")
        await shot("cert","/c/unknown?lang=de")
        await shot("newlink","/new-link")
        await shot("invalid","/p/abc")
        await b.close()
    server.should_exit = True
    await task
