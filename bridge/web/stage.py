"""NiceGUI, which is one per process: its application, on the one event loop that it ever runs in.

Pages, browsers and tasks are in globals of NiceGUI that belong to the loop in which it was started; started again in another
one it leaves the pages of the first without life. So it is started once, in a thread that stays until the process ends, and all
servers run in its loop. It is heavy to import: that is done when it is needed first.
"""

import asyncio
import atexit
import contextlib
import functools
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastapi import FastAPI

_lock = threading.Lock()


class Stage:
    """The loop, and `app`, the application that serves what NiceGUI's pages are made of."""

    def __init__(self) -> None:
        self.app = _application()
        self._up: Future[asyncio.AbstractEventLoop] = Future()
        self._quit: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="pages", daemon=True)
        self._thread.start()
        self._loop = self._up.result()
        atexit.register(self._end)

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something in the loop to its end; not to be called in the loop."""
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _end(self) -> None:
        if self._quit is not None:
            self._loop.call_soon_threadsafe(self._quit.set)
        self._thread.join()

    # What follows runs in the thread.

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                runner.run(self._live())
        except Exception as error:
            if self._up.done():
                raise
            self._up.set_exception(error)

    async def _live(self) -> None:
        self._quit = asyncio.Event()
        async with self.app.router.lifespan_context(self.app):
            self._up.set_result(asyncio.get_running_loop())
            await self._quit.wait()


def stage() -> Stage:
    """Return the one of this process; whoever is first waits until it is up."""
    with _lock:
        return _stage()


@functools.cache
def _stage() -> Stage:
    return Stage()


@functools.cache
def _application() -> "FastAPI":
    from fastapi import FastAPI
    from nicegui import app as pages
    from nicegui import ui

    from bridge.web.page import build

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    ui.run_with(app, title="Remixture", dark=True, show_welcome_message=False, gzip_middleware_factory=None, tailwind=False)
    # A bar over the page at each upload, which has one of its own.
    pages.config.quasar_config["loadingBar"]["skipHijack"] = True
    build()
    return app


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the fastest kind of loop that is here; None for Python's own."""
    with contextlib.suppress(ImportError):
        import uvloop

        return uvloop.new_event_loop
    return None
