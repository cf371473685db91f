"""Drum replacement: a drums stem -> every strike again, without bleed and smear, by the cleanest hit of its drum in the song.

- `kinds`     kick, snare, hat, percussion: where they sound, how their attacks look
- `bands`     how loud each of 16 bands is, frame by frame
- `onsets`    transients: where a kind's bands rise over all that was shortly before
- `classes`   what is struck at each, several kinds at once
- `strikes`   pieces around strikes, lined up to the sample
- `groups`    strikes of one kind -> the drums they are strikes of
- `doubles`   one drum that was seen as two kinds
- `drum`      one drum: its hit, its strikes, their levels; how it is played
- `agree`     a hit without what is not its own, by what half of its strikes foretells of the other half
- `decay`     a hit only dies away
- `fit`       hits and levels of drums that repeat to the sample, by least squares
- `cleanest`  the cleanest single strike of a drum that does not
- `find`      all of it
- `source`    clean drums and the rest as two sources of a separation
"""

from engine.analysis.drums.drum import Drum
from engine.analysis.drums.find import find_drums, played
from engine.analysis.drums.source import CLOSE, DRUMS, REST, cleaned, with_clean_drums

__all__ = ["CLOSE", "DRUMS", "REST", "Drum", "cleaned", "find_drums", "played", "with_clean_drums"]
