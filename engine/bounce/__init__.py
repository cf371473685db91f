"""Remix sets, a take of them or a recording -> an audio file. The only place where store meets mix.

- `wanted`  a mix as a person describes it
- `load`    sets -> banks in memory, resampled, straightened
- `run`     a mix of sets -> a performance
- `take`    a take and its sets -> a performance
- `replay`  a take's sets, found, and the hands that play it again
- `dry`     a take without its faders, and where they stood: `faders`; its `beats`
- `neural`  a song through a remixing network -> a performance of one source
- `output`  a performance -> files

The mixer is the one that plays live, here under a clock that runs as fast as it can.
"""

from engine.bounce.neural import NeuralMix, bounce_neural
from engine.bounce.output import Bounced, Target
from engine.bounce.run import bounce
from engine.bounce.take import bounce_take
from engine.bounce.wanted import Mix, Move, Param, SetChoice, Setting

__all__ = [
    "Bounced", "Mix", "Move", "NeuralMix", "Param", "SetChoice", "Setting", "Target", "bounce", "bounce_neural", "bounce_take",
]  # fmt: skip
