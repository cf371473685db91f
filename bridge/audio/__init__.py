"""Where the sound goes: one small protocol, several sinks behind it.

- `sink`        the protocol, what can go wrong, and `open_sink`, which knows them all by name
- `ring`        samples in memory between the engine's thread and a driver's callback, both without the GIL
- `native`      C functions, pointers and fences for compiled callbacks
- `jack`        JACK: a stereo port pair for each pair, MIDI clock on the exact frame; `jackdrain` is its callback
- `portaudio`   devices of many channels; `portaudiodrain` is its callback
- `stream`      pedalboard's AudioStream, on every system; it lives in `player`, a process of its own
- `offline`     a WAV or nothing, at the pace of a clock or as fast as it goes
- `libraries`   the drivers' own libraries, and one line where they lack
- `outputs`     what is there to play to, for `remixture devices` and `remixture doctor`
"""
