"""Credentials, documents, and their verification.

Clock changes are read from the locked `tzdata`, never from the host: otherwise a worker and a web hook on two hosts could show different times.
"""

from zoneinfo import reset_tzpath

reset_tzpath(to=())
