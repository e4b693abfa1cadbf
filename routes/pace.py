"""Guessing made slow (放慢试错): wrong tries of a network are counted, right ones never, and nobody is shut out."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

from core.people import tries

Found = TypeVar("Found")
FREE, AGAIN = 30, 10.0
"""Wrong tries of one network (an IPv4 address, 64 bits of an IPv6 one) at once, and seconds until it has one more."""
LANE, DELAY = 4, 2.0
"""Of a network that has used them up, how many are looked at together; how long a wrong one then takes, in seconds."""
_WAITING = 500
_NETWORKS = 10_000


class Busy(Exception):
    """Too many of one network wait already."""


class Pace:
    """A slow lane (慢车道) for the networks that have tried too much: a right code is answered there too, in its turn.

    An office of a thousand PCs may share one address, and one of them may guess: the others then wait in line with it,
    a moment each, for what is right is answered as soon as it is looked at.
    """

    def __init__(self) -> None:
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lanes: dict[str, tuple[asyncio.Semaphore, int]] = {}

    async def looked(self, client: str, look: Callable[[], Found | None]) -> Found | None:
        """What `look` finds, in a thread; None, which counts as a wrong try, where it finds nothing. Raises `Busy`."""
        network = tries.network(client)
        if self._takes(network):
            found = await run_in_threadpool(look)
            if found is not None:
                self._gives_back(network)
            return found
        lane, waiting = self._lanes.get(network, (asyncio.Semaphore(LANE), 0))
        if waiting >= _WAITING:
            raise Busy
        self._lanes[network] = lane, waiting + 1
        try:
            async with lane:
                found = await run_in_threadpool(look)
                if found is None:
                    await asyncio.sleep(DELAY)
                return found
        finally:
            lane, waiting = self._lanes[network]
            if waiting > 1:
                self._lanes[network] = lane, waiting - 1
            else:
                del self._lanes[network]

    def _takes(self, network: str) -> bool:
        """Whether a network has a try left.

        It is taken before it is known whether it is right: many at once are no more than many one after another.
        """
        now = time.monotonic()
        left, then = self._left.pop(network, (float(FREE), now))
        left = min(float(FREE), left + (now - then) / AGAIN)
        self._left[network] = left - 1 if left >= 1 else left, now
        if len(self._left) > _NETWORKS:
            self._left.popitem(last=False)
        return left >= 1

    def _gives_back(self, network: str) -> None:
        if network in self._left:
            left, then = self._left[network]
            self._left[network] = left + 1, then
