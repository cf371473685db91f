"""Listening: what a recording is made of. Sees samples only, never files.

- `grid`   tempo, beats, downbeats
- `key`    the key
- `loops`  loops as they were made, or by non-negative Tucker decomposition
- `sounds` sounds that return, where a song is made of those and not of whole bars
- `sections` where the parts change, and which stretches are alike
- `crosstalk` how much of each source is other sources'
- `drums` every strike of a drums stem again, with the cleanest hit of its drum
- `remix`  a song at other levels by a network that learnt to remix, without taking it apart first
- `stems`  drums, bass, vocals, other by Demucs, the small separator, the built-in or a classical one
"""
