"""Remix sets -> an audio file. The only place where store meets mix.

- `wanted`  a mix as a person describes it
- `load`    sets -> banks in memory, resampled, straightened
- `run`     banks -> mixer -> files

The mixer is the one that plays live, here under a clock that runs as fast as it can.
"""

from engine.bounce.run import Bounced, bounce
from engine.bounce.wanted import Mix, Move, Param, SetChoice, Setting

__all__ = ["Bounced", "Mix", "Move", "Param", "SetChoice", "Setting", "bounce"]
