"""The built-in separator with drums that a small network refines, for the bench: the small separator is no worse at them.

- `generator`  the U-Net: what of each built-in stem is drums (torch)
- `choice`     which genre's model a song should have
- `models`     the models of a file, its checksum verified
- `separator`  a song -> drums, bass, vocals, other
"""
