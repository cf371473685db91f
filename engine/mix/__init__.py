"""The playing room: decks and what mixes them, block by block, the same live and for a bounce.

In the order in which sound passes:

- `bank`, `record`  the samples of one song's sources; all decompositions of one song
- `cells`      bars of a source that are switched on or off
- `rows`       how each source gets through the song
- `stream`     what a deck reads: the song with its loops, jumps, clips and cells
- `voice`      how it reads: as it is, or through a stretcher
- `voices`     which voice sounds, which gets ready, and the way from one to the other
- `levels`     the sources' gain, mute and solo
- `transport`  seek, jump, loop, slip, cue, clips, cells
- `channel`    what every deck is
- `deck`       plays one song, as a bounce needs it
- `live`       a deck under the hands: loads, changes over, follows the clock
- `insert`, `strip`  effects; a deck's channel strip with isolator, filter and fader
- `clock`, `sync`  the beat that decks follow, and how they follow it
- `mixer`      decks -> master level -> limiter; obeys commands to the frame
- `livemixer`  four live decks, crossfader, headphones, meters, the log of what was done
- `limiter`    holds true peaks under the ceiling, and leaves the rest alone
- `headphones`, `meters`  what is heard before the fader, what is shown
- `queue`      commands on their way in
- `addresses`  parameter paths <-> numbers

`Mixer.render` obeys DESIGN rule 4: what it needs is allocated and compiled before. Arrays come in, blocks go out: reading and
writing files is not done here.
"""
