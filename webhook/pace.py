"""How often one sender may come: a token bucket for each secret, in this process's memory."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from webhook.problems import Problem


@dataclass
class _Bucket:
    tokens: float
    at: float


class Pace:
    """`burst` requests at once, `rate` a minute in the long run. Buckets are as many as secrets: they need no sweeping."""

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = rate / 60
        self._burst = burst
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def take(self, sender: str) -> None:
        """Raises Problem (429) with the seconds after which one more request fits."""
        now = self._clock()
        bucket = self._buckets.setdefault(sender, _Bucket(self._burst, now))
        bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.at) * self._per_second)
        bucket.at = now
        if bucket.tokens < 1:
            wait = max(1, math.ceil((1 - bucket.tokens) / self._per_second))
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "too-many", "this secret's requests come too fast", headers={"Retry-After": str(wait)})
        bucket.tokens -= 1
