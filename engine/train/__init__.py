"""Training the small separator, from sounds to weights. No other room of `engine` imports this one.

In the order in which a mixture comes to be and is learnt from:

- `sources`     recordings, and what their licences are
- `notes`       instruments of a sound font, a note at a time
- `synths`      our own instruments
- `voices`      singing, recorded and synthesised
- `songs`       multitracks out of a number
- `batches`     mixtures of them, and what of them the loss needs
- `network`     the network as torch sees it
- `loss`        how far the masked mixture is from the sources
- `training`    the steps
- `checkpoint`  where training stands, without pickles
- `written`     weights, card and plot

`python -m engine.train --help` tells how to run it. It goes on where it was broken off.
"""
