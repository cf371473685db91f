"""The remix set on disk, and audio files in and out.

- `files`     writing beside and renaming; safe names; hashes
- `decode`    any audio file -> samples, frame-exact; `room`, where they are kept: in memory, or long ones in a file
- `stemfile`  the stems that a `.stem.mp4` already holds; `mp4`, where its atoms lie
- `score`     the notes of a MIDI file
- `encode`    samples -> wav, flac, mp3
- `wavchunks` tempo and loop points inside a WAV, for samplers
- `sources`   a separation -> FLAC files whose sum is the song, and back
- `manifest`  set.json
- `assemble`  a decomposition's way into its set
- `setdir`    the folder as a whole: named, opened, locked
- `take`      take.jsonl, written as it happens
- `scene`     scenes in TOML
- `picture`   map.png
"""
