"""Loops: what repeats bar by bar, by non-negative Tucker decomposition.

After Smith & Goto, "Nonnegative tensor factorization for source separation of loops in audio" (ICASSP 2018), and Unmixer
(Smith, Kawasaki & Goto, ISMIR 2019), with a start and a last step of our own. The way through the room:

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
