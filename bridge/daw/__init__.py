"""What was found and played, as tracks in other people's programs.

- `project`    a DAW project before it is in anybody's format: tracks, clips, fader moves, tempo, markers, scenes
- `media`      its audio files: one factor for all, names that are safe and distinct
- `fromset`    a remix set -> a project
- `fromtake`   a take -> a project, with its fader moves
- `work`       one hand-off: what is exported, what people chose, what they are told
- `formats`    the formats by name, for help and menus
- `export`     a set or a take -> a file or a folder: whole or not there, never over what is there

The formats; each has a `write(work, target)`:

- `dawproject`  a zip of WAVs and XML: `dawprojectxml`, fader moves as `dawprojectmoves`
- `reaper`      a folder with a project in REAPER's nested text, `rpp`
- `ardour`      a session folder: `ardourxml`
- `stemfile`    Native Instruments' `.stem.mp4`: its sources are `fourstems`, `mp4tracks` and `mp4atoms` write it
- `loops`       loops and slices as WAVs, `cuts` says from where to where
- `stems`       full-length WAVs, and a tempo map as MIDI, `tempomidi`
- `rekordbox`   beat grid, cues and loops

Beside them `drumkit`, which `remixture drums` writes: clean drums, a kit and its MIDI.
"""
