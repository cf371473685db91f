"""Sounds: the third factor of the Tucker model in waveforms. A kick, a clap, a bass note is the same at every hit.

`song = sum over sounds, over their onsets, of waveform(t - onset) + rest`. The way through the room:

- `steps`      the song cut into sixteenths of the grid
- `even`       the song with its spectrum made even
- `sets`       sets of steps that share one sound, by leave-one-out explained energy
- `fit`        waveforms by least squares, block by block
- `discover`   one sound after another, each from what the others leave
- `waveforms`  the final fit: band by band, ridges by what one half of the onsets foretells of the other
- `group`      sounds that are alike become one source
- `names`      kick, snare, hats, bass, chord, lead, effect
- `judge`      how loud in which bar, after how many bars again, how sure
- `share`      what the sounds leave, shared out by soft masks
- `find`       all of it
"""

from engine.analysis.sounds.find import FoundOnsets, Sounds, find_onsets, find_sounds

__all__ = ["FoundOnsets", "Sounds", "find_onsets", "find_sounds"]
