"""Training what refines the built-in separator's drums: a U-Net, first on pairs, then against a critic. A bench decides.

In the order in which a model comes to be:

- `genres`        what is electronic and what acoustic, heard in training or held out
- `real`          real drums of no known mixture
- `critic`        is this real?
- `lessons`       what one step learns, in either stage
- `course`        the lessons one after the other: common to all genres, then for each of them, then against the critic
- `choice`        which genre's model a song should have
- `exam`          how well all of it does on songs with drums that it never heard
- `written`       weights and card
- `refined/`      the U-Net itself, and what a song's drums are refined with

`python -m engine.train.drums --help` tells how to run it. None of it comes with the program: the bench says that genres and
critic do not help, and that the small separator is as good at drums as the rest (docs/measurements.md).
"""
