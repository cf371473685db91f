"""The playing room: decks and what mixes them, block by block, the same live and for a bounce.

In the order in which sound passes:

- `bank`       the samples of one song's sources
- `voice`      how a deck reads its bank: as it is, or through a stretcher
- `deck`       plays one song: position, its sources' levels, mute, solo, play
- `mixer`      decks -> master level -> limiter; obeys commands to the frame
- `limiter`    holds true peaks under the ceiling, and leaves the rest alone
- `queue`      commands on their way in
- `addresses`  parameter paths <-> places in memory

`Mixer.render` obeys DESIGN rule 4: what it needs is allocated and compiled before. Arrays come in, blocks go out: reading and
writing files is not done here.
"""
