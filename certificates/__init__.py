"""Credentials, documents, and their verification.

When clocks change is read from the locked `tzdata`, never from the host: a worker and a web hook on two hosts would tell two times.
"""

from zoneinfo import reset_tzpath

reset_tzpath(to=())
