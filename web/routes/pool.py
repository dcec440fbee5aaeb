"""The threads for decoding and scoring, apart from the event loop and from the database's threads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from .errors import BusyError

_P = ParamSpec("_P")
_T = TypeVar("_T")


class CpuPool:
    """Runs heavy calls in a few threads; refuses when too many wait.

    Parameters
    ----------
    n_threads : int
        Calls that run at the same time.
    n_waiting : int
        Further calls that may wait for a thread.
    """

    def __init__(self, n_threads: int = 2, n_waiting: int = 16) -> None:
        self._threads = ThreadPoolExecutor(n_threads, thread_name_prefix="tower-cpu")
        self._places = threading.BoundedSemaphore(n_threads + n_waiting)

    async def run(self, call: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Run a call in a thread and wait for it without blocking the loop.

        Raises
        ------
        BusyError
            If all places are taken.
        """
        if not self._places.acquire(blocking=False):
            raise BusyError("Too many pictures are being looked at.", hint="Try again in a moment.")
        future: Future[_T] = self._threads.submit(call, *args, **kwargs)
        # The place is free when the thread is, even if the caller has gone.
        future.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(future)
