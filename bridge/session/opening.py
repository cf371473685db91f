"""Effects on their way into the engine: opened on a thread of their own while the music goes on."""

import os
import sys
import threading
from typing import TYPE_CHECKING

from bridge.session.messages import Chain
from engine.model.errors import RemixtureError

if TYPE_CHECKING:
    from bridge.plugins.chain import Chain as Opened

SWITCH_SECONDS = 0.0005
"""How long the music may have to wait for the interpreter meanwhile."""


class Opening:
    """Opens the chain that a message brings, if it brings one."""

    def __init__(self, message: Chain, rate: int) -> None:
        self._message, self._rate = message, rate
        self._chain: Opened | None = None
        self._error: RemixtureError | None = None
        self._usual = sys.getswitchinterval()
        self._thread: threading.Thread | None = None

    def ready(self) -> bool:
        """Tell whether it is open, or cannot be opened; begins when it is first asked."""
        if self._thread is None:
            sys.setswitchinterval(SWITCH_SECONDS)
            self._thread = threading.Thread(target=self._open, name="effects", daemon=True)
            self._thread.start()
        if self._thread.is_alive():
            return False
        sys.setswitchinterval(self._usual)
        return True

    def chain(self) -> "Opened | None":
        """Return it; RemixtureError if it could not be opened."""
        if self._error is not None:
            raise self._error
        return self._chain

    def _open(self) -> None:
        if hasattr(os, "sched_setscheduler"):
            # The rendering thread's haste is not for this one.
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        from bridge.plugins.chain import load_chain

        if self._message.preset is None or self._message.facts is None:
            return
        try:
            self._chain = load_chain(self._message.preset, self._message.facts, self._rate)
        except RemixtureError as error:
            self._error = error
