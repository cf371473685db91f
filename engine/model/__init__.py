"""What things are. Frozen values without behaviour of their own; everything else imports from here and this from nothing.

- `audio`       samples in memory
- `grid`        beats and downbeats: seconds <-> beats <-> bars
- `key`         the key of a song, and how far apart two are
- `separation`  a song taken apart, as analysis hands it on
- `stemchoice`  which separator a person may ask for
- `score`       the notes of a song
- `loopcount`   how many loops a person asks for
- `colors`      colour by content
- `remixset`    a song taken apart, as it lies on disk
- `cells`       a source in a bar: what it plays when it is switched on there
- `partners`    which songs go together
- `params`      the one table of everything that can be set while playing
- `command`     one change of one parameter at one frame
- `take`        the log of a performance
- `curve`       how a level moved, as a DAW draws it
- `scene`       stored values, recalled on a beat
- `report`      how long work tells people where it is
- `errors`      what a person can mend
"""
