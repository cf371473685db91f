"""Listening: what a recording is made of. Sees samples only, never files.

- `grid`   tempo, beats, downbeats
- `key`    the key
- `loops`  loops by non-negative Tucker decomposition
- `stems`  drums, bass, vocals, other by Demucs or the built-in separator
"""
