"""A session: songs that play in a process of their own, and the handle to it that hands on the keyboard hold.

In both processes:

- `memory`     bytes that several processes see, gone with the last of them
- `ring`       records from one process to another, without waiting
- `timings`    how long blocks take, counted in shared memory
- `boards`     all that is shared, by name
- `messages`   what else passes between the two processes: rare things

In the engine process:

- `process`    how it starts
- `rendering`  commands -> mixer -> sink, block after block
- `opening`    effects on their way in
- `outlet`     the sink, opened again when it is lost

In the player's:

- `link`       its end of one engine process
- `engines`    the engine that plays, and the next one if it dies
- `library`    sets -> samples in shared memory, decoded while they play already
- `effects`    chains of effects by name or file
- `known`      values, songs and effects, to tell another engine
- `restore`    in which order that is told
- `take`       the take, as it is written
- `status`     what is so now
- `player`     all of it behind one handle
- `lines`      what a person types -> what the player does
- `view`       what plays, in words and rows
- `songs`      songs -> sets, in a process beside the music
"""
