"""The engine that plays, the next one if it dies, and a spare one so that this takes no time."""

import time

from bridge.session.link import Link
from bridge.session.messages import Output

SPARE_SECONDS = 10.0
"""A spare engine is started when the music has played so long."""
AGAIN_SECONDS = 1.0
"""An engine that dies younger than this is not started again at once."""
HANG_SECONDS = 6.0
"""An engine that has told nothing for so long hangs, in a plug-in most likely, and is ended."""
END_SECONDS = 4.0
"""The patience with an engine that is to fade out and end."""


class Engines:
    """`link` leads to the one that plays."""

    def __init__(self, output: Output) -> None:
        self._output, self._spare = output, None
        self.link = Link(output)
        self._begin()

    _spare: Link | None

    def _begin(self) -> None:
        self._begun = time.monotonic()
        self.link.go()

    def look_after(self) -> bool:
        """Tell whether the engine died and can be started again now; have a spare one ready once there is time."""
        age = time.monotonic() - self._begun
        if not self.link.process.is_alive():
            return age > AGAIN_SECONDS
        if self.link.stalled() > HANG_SECONDS:
            self.link.process.kill()
        if self._spare is None and age > SPARE_SECONDS:
            self._spare = Link(self._output, spare=True)
        return False

    def start_again(self) -> None:
        """Begin with another engine, in the place of one that died."""
        self.link.close()
        spare, self._spare = self._spare, None
        self.link = spare if spare is not None and spare.process.is_alive() else Link(self._output)
        self._begin()

    def end(self) -> None:
        """Have the engine fade out, and end all; what it told can be read until `close`."""
        if self._spare is not None:
            self._spare.drop()
            self._spare = None
        self.link.end(END_SECONDS)

    def close(self) -> None:
        """Let go of it."""
        self.link.close()
