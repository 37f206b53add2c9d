"""Serves an application of aiohttp on loopback, in a thread of its own."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from aiohttp import web

T = TypeVar("T")
LONGEST_S = 30.0
"""Seconds in which a server begins or ends."""


@contextmanager
def served(app: web.Application) -> Iterator[str]:
    """The address of the application, for the block."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def do(work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, loop).result(LONGEST_S)

    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    try:
        do(runner.setup())
        do(web.TCPSite(runner, "127.0.0.1", 0).start())
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        do(runner.cleanup())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
