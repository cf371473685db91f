"""Training the remixing network (`engine.analysis.remix`), from sounds to weights.

- `multitracks`  songs of two to five sources, made once and kept
- `examples`     crops of them with gains: what a step learns from
- `loss`         how far remix and sources are from the true ones
- `training`     the steps
- `written`      weights, card and plot

`python -m engine.train.remix --help` tells how to run it. It goes on where it was broken off.
"""
