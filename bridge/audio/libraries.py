"""The drivers' own libraries, and one line where they lack. No compiler is loaded for these."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from engine.model.errors import RemixtureError

CLIENT = "remixture"
NO_SERVER = "no JACK server is running{}: start one (`jackd -d alsa` or QjackCtl; with PipeWire `pw-jack remixture ...`)"


def has_jack() -> bool:
    """Return whether libjack is installed."""
    try:
        import jack  # noqa: F401 - loads it
    except OSError:
        return False
    return True


def jack_client(server: str | None) -> Any:  # noqa: ANN401 - JACK-Client has no types
    """Return a client of a running server, or raise RemixtureError; without a name it is the usual one."""
    if not has_jack():
        raise RemixtureError("libjack is not installed: `remixture doctor` says how to get it")
    silence_jack()
    import jack

    try:
        return jack.Client(CLIENT, servername=server, no_start_server=True)
    except jack.JackOpenError as error:
        raise RemixtureError(NO_SERVER.format(f" under the name {server!r}" if server else "")) from error


def silence_jack() -> None:
    """Keep libjack, where it is installed, from writing on the screen."""
    if has_jack():
        import jack

        for quiet in (jack.set_error_function, jack.set_info_function):
            quiet(lambda _text: None)


def sounddevice() -> Any:  # noqa: ANN401 - no types
    """Return python-sounddevice with a fresh list of devices, or raise RemixtureError where PortAudio is not installed."""
    silence_jack()
    with _jack_hidden():
        try:
            import sounddevice as sound
        except OSError as error:
            raise RemixtureError("the PortAudio library is not installed: `remixture doctor` says how to get it") from error
        # The list is made once; for a device that came since then it must be made again.
        sound._terminate()  # noqa: SLF001 - its documented way to do so
        sound._initialize()  # noqa: SLF001
    return sound


@contextlib.contextmanager
def _jack_hidden() -> Iterator[None]:
    """Let nobody find a JACK server: PortAudio would crash when the server ends, and JACK has a sink of its own."""
    name = os.environ.get("JACK_DEFAULT_SERVER")
    os.environ["JACK_DEFAULT_SERVER"] = "hidden from PortAudio"
    try:
        yield
    finally:
        if name is None:
            del os.environ["JACK_DEFAULT_SERVER"]
        else:
            os.environ["JACK_DEFAULT_SERVER"] = name
