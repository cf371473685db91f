"""Training, from sounds to weights: the small separator, what refines drums, what remixes. No other room imports this one.

In the order in which a mixture comes to be and is learnt from:

- `sources`     recordings, and what their licences are
- `notes`       instruments of a sound font, a note at a time
- `synths`      our own instruments
- `voices`      singing, recorded and synthesised
- `songs`       multitracks out of a number
- `multitracks` real songs with all their tracks: LMMS' demo projects, rendered
- `excerpts`    some seconds of them, sung over
- `material`    all that for one training, and whose it is
- `batches`     mixtures of them, and what of them the loss needs
- `network`     the network as torch sees it
- `loss`        how far the masked mixture is from the sources
- `training`    what the small separator learns at a step
- `steps`       step after step, whatever is learnt: Adam, rates, running means
- `progress`    how far it is
- `command`     what the commands that train have in common
- `checkpoint`  where training stands, without pickles
- `scores`      what it is worth on songs kept from training, and how far to trust it
- `written`     weights, card and plot
- `drums/`      the same for what refines drums
- `remix/`      the same for networks that remix

`python -m engine.train --help` tells how to run it. It goes on where it was broken off.
"""
