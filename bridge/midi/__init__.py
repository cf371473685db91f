"""Controllers, clocks and other programs that want to play along.

In the order in which a movement passes:

- `ports`        what a system's MIDI is to us, the names of its ports, which of them came and went
- `rtmidi`       that protocol over python-rtmidi: ALSA, JACK, CoreMIDI, WinMM
- `control`      MIDI messages -> positions and turns of knobs, faders and buttons
- `binding`      what one control does: a parameter path, a mode, a take-over, a light
- `takeover`     when a fader that stands elsewhere gets hold of a value
- `preset`       TOML files <-> bindings; which file suits a port
- `mapping`      one controller at work: positions -> values of the desk
- `feedback`     values of the desk -> lights, rings and motors
- `learn`        a stream of messages -> the binding that was meant
- `recent`       what the controllers sent, for people to see
- `clock`        MIDI clock in and out
- `follow`       keeps the desk's clock on somebody else's beat
- `link`         Ableton Link
- `osc`          Open Sound Control with the parameter paths as addresses
- `controllers`  all of it for one session

What plays is behind one small protocol, `desk.Desk`. Nothing here blocks it, and nothing here raises into it.
"""
