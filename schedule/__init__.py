"""When people meet, and when they read: calendars, zones, working days.

Clock changes are read from the locked `tzdata`, never from the host. Otherwise a worker and a web hook on two hosts might tell two times.
"""

from zoneinfo import reset_tzpath

reset_tzpath(to=())
