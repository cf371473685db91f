"""What the page's server is called, by those who may call it so."""

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "::1")
EVERY = ("0.0.0.0", "::")  # noqa: S104 - what a person may ask for, with a password
HTTP_PORT = 80
"""The port that browsers leave out of an address."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Our own machine by any of its names, and `host`, which was asked for besides; the port is part of each."""

    port: int
    host: str = LOOPBACK[0]

    @property
    def shared(self) -> bool:
        """Whether other machines can reach us."""
        return self.host not in LOOPBACK

    def ours(self, host: str) -> bool:
        """Tell whether a `Host` is us."""
        try:
            parts = urlsplit(f"//{host}")
            name, port = parts.hostname or "", parts.port or HTTP_PORT
        except ValueError:
            return False
        if port != self.port or "@" in host:
            return False
        return name in LOOPBACK or (self.shared and (name == self.host.lower() or (self.host in EVERY and _our_name(name))))


def _our_name(name: str) -> bool:
    """Tell whether a name can only mean us: a number, which nobody can have point elsewhere, or this machine's name."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        own = socket.gethostname().lower().partition(".")[0]
        return name in (own, f"{own}.local")
    return True


def own_address() -> str:
    """Return the address by which others on the network most likely reach this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: the system only says from where it would be. The address is one for documentation (RFC 5737).
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return socket.gethostname()
