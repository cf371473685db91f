"""Loops: what repeats bar by bar, exactly where it does, else by non-negative Tucker decomposition.

A song that repeats sample for sample is bars = layout x waveforms, found by inner products and least squares:

- `exact`      the whole of it
- `whiten`     the song with an even spectrum, for judging
- `places`     where the bars start, to a fraction of a frame
- `stack`      the bars as rows
- `cells`      the bars' inner products in every band and moment
- `belief`     weighted least squares in every cell, one bar believed and another doubted; on what bars agree
- `alike`      loops that are one
- `waveforms`  what each loop sounds like, its ringing included
- `levels`     how loud it is in every bar
- `repair`     waveforms made good where something else was in the song
- `repeats`    waveforms and where they sound

The rest of the way is for songs that do not:

After Smith & Goto, "Nonnegative tensor factorization for source separation of loops in audio" (ICASSP 2018), and Unmixer
(Smith, Kawasaki & Goto, ISMIR 2019), with a start and a last step of our own.

- `bars`       where every bar begins and ends, the incomplete ones too
- `cube`       the small copy of the spectrogram: row x time in bar x bar
- `patterns`   0/1 layouts with periods, and how well they describe the bars
- `start`      first patterns, from the space that the bars span
- `moves`      better patterns, their number and their periods, by description length
- `ntd`        the decomposition: sounds, rhythms, layout, core
- `merge`      the sparse NMF on the core: redundant loops become one
- `templates`  each loop's magnitude at full resolution, given the layout
- `masks`      soft masks on the complex mixture
- `choice`     the bar that shows a loop best
"""

from engine.analysis.loops.find import ALGORITHM_VERSION, find_loops, loops_provenance

__all__ = ["ALGORITHM_VERSION", "find_loops", "loops_provenance"]
