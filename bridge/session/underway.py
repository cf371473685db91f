"""Values that were sent and have not taken effect yet."""

from collections import deque
from dataclasses import dataclass, field

WAIT_SECONDS = 0.5
"""What has not come back by then does not any more."""
MOST = 64
"""Values of one path that are remembered."""


@dataclass(slots=True)
class _Sent:
    at: float
    values: deque[float] = field(default_factory=lambda: deque(maxlen=MOST))


class Underway:
    """Tells whether what takes effect is the newest, so that a control turned fast does not jump back to where it was."""

    def __init__(self) -> None:
        self._sent: dict[str, _Sent] = {}

    def sent(self, path: str, value: float, now: float) -> None:
        """Note what was sent, at `now` in seconds."""
        sent = self._sent.get(path)
        if sent is None or now - sent.at > WAIT_SECONDS:
            sent = self._sent[path] = _Sent(now)
        sent.at = now
        sent.values.append(value)

    def newest(self, path: str, value: float, now: float) -> bool:
        """Take in what took effect, in that order; False: something newer is on its way."""
        sent = self._sent.get(path)
        if sent is None:
            return True
        if value in sent.values:
            # Where there was no room for all, those before it never come.
            while sent.values.popleft() != value:
                pass
        if sent.values and now - sent.at <= WAIT_SECONDS:
            return False
        del self._sent[path]
        return True
