"""Everything that plays along with one session: controllers, a clock to follow, OSC, Link; their thread and what they say."""

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from bridge.midi.controller import Controller, Say
from bridge.midi.desk import LOST, Desk, check_path
from bridge.midi.feedback import RATE
from bridge.midi.follow import ClockFollower
from bridge.midi.learn import Learner
from bridge.midi.ports import Driver, open_driver, plain_names
from bridge.midi.preset import Preset, Presets
from bridge.midi.recent import Recent
from engine.model.errors import RemixtureError

if TYPE_CHECKING:
    from bridge.midi.link import LinkClock
    from bridge.midi.osc import OscIn, OscOut

LOOK = 1.0
"""Seconds from one look at the list of ports to the next."""


@dataclass(frozen=True, slots=True)
class Port:
    """An input that is there: its name, the preset that it plays under ("" for none), whether a person chose that."""

    name: str
    preset: str
    chosen: bool


class Controllers:
    """All controllers of a desk. Use as a context manager, or `start` and `close`.

    Parameters
    ----------
    desk
        What plays. It is called from drivers' threads and from ours.
    say
        Takes a line for people: what came, what went, what does not work.
    driver
        The system's MIDI; None for the usual one.
    folder
        Where a person's own presets are; None for the usual place.
    clock
        Part of the name of the port whose MIDI clock leads; "" for none.
    link
        Whether to join Ableton Link.
    osc
        UDP port to listen on, 0 for a free one; None for no OSC. Only this machine is heard, unless `osc_host` is another
        address of it (0.0.0.0 for all).
    osc_to
        (host, UDP port) to tell of changes; None for nobody.

    Raises
    ------
    RemixtureError
        If the OSC port cannot be had.
    """

    def __init__(
        self,
        desk: Desk,
        say: Say,
        *,
        driver: Driver | None = None,
        folder: Path | None = None,
        clock: str = "",
        link: bool = False,
        osc: int | None = None,
        osc_host: str = "127.0.0.1",
        osc_to: tuple[str, int] | None = None,
    ) -> None:
        self._desk = desk
        self._say = say
        self._said: set[str] = set()
        self._driver = driver or open_driver()
        self._folder = folder
        self._presets = Presets(folder)
        self._chosen: dict[str, str] = {}
        self._again: set[str] = set()
        """Ports to be taken up anew, on our thread."""
        self._inputs: tuple[str, ...] = ()
        self.recent = Recent()
        """What the controllers send, a line for each message."""
        self.learning = ""
        """The parameter that waits for a control."""
        self._clock_port = clock
        self._clock = ClockFollower(desk) if clock else None
        self._open: dict[str, Controller] = {}
        self._looked = -LOOK
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name="controllers", daemon=True)
        for problem in self._presets.problems:
            say(problem)
        self._link = self._open_link() if link else None
        self.osc_in, self._osc_out = self._open_osc(osc, osc_host, osc_to)

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    @property
    def names(self) -> dict[str, str]:
        """Names of the open ports -> names of their presets."""
        return {name: controller.preset.name for name, controller in dict(self._open).items()}

    @property
    def presets(self) -> tuple[str, ...]:
        """Names of all presets that a port can have."""
        return self._presets.names

    @property
    def ports(self) -> tuple[Port, ...]:
        """The inputs that are there."""
        names = self.names
        return tuple(Port(name, names.get(name, ""), name in self._chosen) for name in self._inputs)

    def why_none(self) -> str:
        """Return why this machine has no MIDI; "" if it has."""
        return self._driver.why_none()

    def choose(self, port: str, preset: str | None) -> None:
        """Have a port play under a preset, none ("") or its own (None), for this session; RemixtureError if there is none."""
        if preset:
            self._presets.named(preset)
        if preset is None:
            self._chosen.pop(port, None)
        else:
            self._chosen[port] = preset
        self._again.add(port)

    @property
    def hint(self) -> str:
        """What is still wanted of the control that is to be learnt; "" if nothing."""
        return next((controller.hint for controller in tuple(self._open.values()) if controller.hint), "")

    def start(self) -> None:
        """Open the ports and go on in a thread of our own."""
        self._look()
        if not self._open:
            self._say(self._driver.why_none() or "no MIDI controller is connected; one that comes is taken up")
        if self._clock is not None and not any(self._clock_port.lower() in name.lower() for name in self._open):
            self._say(f"no MIDI port has {self._clock_port!r} in its name yet; its clock leads when it comes")
        self._thread.start()

    def changed(self, path: str, value: float) -> None:
        """Hear that a parameter has another value; from any thread, returns at once."""
        for controller in tuple(self._open.values()):
            controller.changed(path)
        if self._osc_out is not None:
            self._osc_out.changed(path, value)

    def learn(self, path: str) -> None:
        """Bind the control that is moved next to a parameter, and save that; "" gives up waiting for one.

        Raises
        ------
        RemixtureError
            If nothing can be meant by the path.
        """
        param = check_path(path) if path else None
        self.learning = path
        for controller in tuple(self._open.values()):
            controller.learn(Learner(path, param) if path else None)

    def poll(self, seconds: float) -> None:
        """Do what is due at a monotonic time: look for ports, show what changed, go with clocks."""
        while self._again:
            self._let_go(self._again.pop())
            self._looked = -LOOK
        if seconds - self._looked >= LOOK:
            self._looked = seconds
            self._look()
        for controller in tuple(self._open.values()):
            controller.send()
        if self.learning:
            self._learn(seconds)
        if self._osc_out is not None:
            self._osc_out.send()
        try:
            if self._clock is not None:
                self._clock.poll(seconds)
            if self._link is not None:
                self._link.poll()
        except LOST as error:
            self._once(f"clock: {error}")

    def close(self) -> None:
        """Put out the lights and close everything; closing twice is no error."""
        self._ends.set()
        if self._thread.is_alive():
            self._thread.join()
        for controller in self._open.values():
            controller.close()
        self._open.clear()
        for part in (self.osc_in, self._osc_out, self._link):
            if part is not None:
                part.close()
        self._link = self._osc_out = None
        self._driver.close()

    def _run(self) -> None:
        while not self._ends.wait(1.0 / RATE):
            self.poll(time.monotonic())

    def _look(self) -> None:
        """Open the ports that came, let go of those that went."""
        full_in, full_out = self._driver.names()
        inputs, outputs = (plain_names(full, self._driver.api) for full in (full_in, full_out))
        self._inputs = tuple(inputs)
        for name, controller in tuple(self._open.items()):
            if controller.full != inputs.get(name):
                self._let_go(name)
                self._say(f"{name} is gone; when it comes back it goes on")
        for name, full in inputs.items():
            if name not in self._open:
                self._take_up(name, full)
        for name, controller in self._open.items():
            # An output may come later than its input.
            output = _output(controller.preset, name, outputs)
            if controller.shown_on != output:
                controller.show_on(output)

    def _take_up(self, name: str, full: str) -> None:
        """Open a port if there is a preset for it, or if its clock leads."""
        chosen = self._chosen.get(name)
        preset = self._presets.for_port(name) if chosen is None else self._presets.named(chosen) if chosen else None
        leads = self._clock is not None and self._clock_port.lower() in name.lower()
        if preset is None and not leads:
            return
        preset = preset or Preset("clock", (name,), "", ())
        listen = self._clock.take if leads and self._clock is not None else None
        try:
            self._open[name] = Controller(name, preset, self._desk, self._driver, full, self._say, self.recent.add, listen)
        except OSError as error:
            self._once(f"{name}: {error}")
            return
        self._say(f"{name}: {preset.name}" + (", its clock leads" if leads else ""))

    def _learn(self, seconds: float) -> None:
        """Save what was learnt, if anything was, and take its controller up again with it."""
        for name, controller in tuple(self._open.items()):
            binding = controller.poll_learnt(seconds)
            if binding is None:
                continue
            try:
                file = self._presets.save(name, binding)
            except (RemixtureError, OSError) as error:
                self._say(f"{name}: what was learnt is lost: {error}")
            else:
                self._say(f"{name}: {binding.control} is now {binding.path}, saved in {file}")
                self._presets = Presets(self._folder)
                self._chosen.pop(name, None)
            self.learn("")
            self._let_go(name)
            self._look()
            return

    def _let_go(self, name: str) -> None:
        controller = self._open.pop(name, None)
        if controller is not None:
            controller.close()

    def _open_link(self) -> "LinkClock | None":
        from bridge.midi.link import LinkClock

        try:
            return LinkClock(self._desk)
        except OSError as error:
            self._say(str(error))
            return None

    def _open_osc(self, port: int | None, host: str, to: tuple[str, int] | None) -> "tuple[OscIn | None, OscOut | None]":
        from bridge.midi.osc import OscIn, OscOut

        listener = None if port is None else OscIn(self._desk, port, self._say, host)
        return listener, None if to is None else OscOut(*to)

    def _once(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._say(text)


def _output(preset: Preset, name: str, outputs: dict[str, str]) -> str | None:
    """Return the full name of the output that belongs to an input; None if there is none.

    Some systems call it otherwise than the input, "CTRL" where that is "SLIDER/KNOB": then the first that the preset names.
    """
    return outputs.get(name) or next((full for other, full in outputs.items() if preset.suits(other) > 1), None)
