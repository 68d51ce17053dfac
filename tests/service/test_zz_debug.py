import asyncio, time
from collections import Counter
from mentorship.commands import SetGoal
from temporalio.api.enums.v1 import EventType
async def test_x(house, calm):
    await house.start(calm())
    async with house.worker():
        await house.idle()
        await asyncio.gather(*(house.signal(SetGoal(message_id=f"again-{n}", by=house.mentor, goal="listen")) for n in range(300)))
        await asyncio.sleep(12)
        rows=await house.journal()
        print("rows", len(rows), Counter(r.name for r in rows))
        h=await house.histories()
        shown=0
        for e in h:
            a=e.marker_recorded_event_attributes
            if a.marker_name and a.HasField("failure"):
                f=a.failure
                await house.client.data_converter.decode_failure(f) if False else None
                from temporalio.converter import DataConverter
                exc=await house.client.data_converter.decode_failure(f)
                print(e.event_id, repr(exc), repr(exc.__cause__)); shown+=1
                if shown>3: break
        print(await house.status())
    print("left")
