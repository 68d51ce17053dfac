"""How often one sender may come. Each sender has a token bucket in this process's memory.

Programs have one for each secret, the pages one for each person and mentorship. Several processes count separately, so together they allow
a sender that many times as much. Where that matters, allow for it, or send one sender's requests to one process.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from http import HTTPStatus

from webhook.problems import Problem


@dataclass
class _Bucket:
    tokens: float
    at: float


class Pace:
    """Allows `burst` requests at once, and `rate` per minute in the long run.

    A bucket that is full again is forgotten, since a new one would be the same. So there are never more buckets than senders that came within
    the time in which an empty bucket fills. Ask only for senders that proved who they are; others could be invented.
    """

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic, *, said: str = "these requests come too fast") -> None:
        """`said` is what a refused program reads."""
        self._per_second = rate / 60
        self._burst = burst
        self._clock = clock
        self._said = said
        self._buckets: dict[Hashable, _Bucket] = {}  # the most recently used one comes last

    def __len__(self) -> int:
        """How many senders are remembered."""
        return len(self._buckets)

    def take(self, sender: Hashable, many: int = 1) -> None:
        """`many` is how many requests this one stands for. Raises Problem (429) with the seconds after which they fit. They always fit into a full bucket."""
        needed = min(many, self._burst)
        now = self._clock()
        self._sweep(now)
        bucket = self._buckets.pop(sender, None) or _Bucket(self._burst, now)
        bucket.tokens = self._tokens(bucket, now)
        bucket.at = now
        self._buckets[sender] = bucket
        if bucket.tokens < needed:
            wait = max(1, math.ceil((needed - bucket.tokens) / self._per_second))
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "too-many", self._said, headers={"Retry-After": str(wait)})
        bucket.tokens -= needed

    def _tokens(self, bucket: _Bucket, now: float) -> float:
        return min(self._burst, bucket.tokens + (now - bucket.at) * self._per_second)

    def _sweep(self, now: float) -> None:
        """Forgets full buckets, beginning with the least recently used. Each is removed once, so a request costs little."""
        while self._buckets:
            sender, bucket = next(iter(self._buckets.items()))
            if self._tokens(bucket, now) < self._burst:
                return
            del self._buckets[sender]
