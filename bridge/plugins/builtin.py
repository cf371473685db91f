"""pedalboard's own effects that are useful live, and what their parameters may be: the one table of them.

Names of effects and parameters are pedalboard's. What an effect mixes by itself is set to wet only: `fx.N.mix` mixes.
"""

from dataclasses import dataclass, field
from typing import Final

from engine.model.params import Curve, Param


@dataclass(frozen=True, slots=True)
class Builtin:
    """One effect: its parameters without a place, arguments that never change, parameters that jump, whether it reads a file.

    A parameter in `jumps` clicks when it moves, so the wet sound is faded out around its change.
    """

    params: tuple[Param, ...]
    fixed: dict[str, float] = field(default_factory=dict)
    jumps: frozenset[str] = frozenset()
    needs_file: bool = False


def _param(name: str, low: float, high: float, default: float, unit: str, curve: Curve, text: str) -> Param:
    return Param(name, low, high, default, unit, curve, text)


def _cutoff(default: float) -> Param:
    return _param("cutoff_frequency_hz", 20.0, 20_000.0, default, "Hz", "log", "Corner or middle frequency.")


_ATTACK = _param("attack_ms", 0.1, 200.0, 5.0, "ms", "log", "How fast it reacts.")
_RELEASE = _param("release_ms", 5.0, 2000.0, 100.0, "ms", "log", "How fast it lets go.")
_THRESHOLD = _param("threshold_db", -60.0, 0.0, -12.0, "dBFS", "linear", "Level at which it begins to work.")
_RATIO = _param("ratio", 1.0, 20.0, 2.0, ":1", "log", "How strongly it works beyond the threshold.")
_GAIN = _param("gain_db", -24.0, 24.0, 0.0, "dB", "linear", "How much louder.")
_Q = _param("q", 0.2, 10.0, 0.7071, "Q", "log", "How narrow.")
_SPEED = _param("rate_hz", 0.02, 20.0, 0.5, "Hz", "log", "How fast it moves.")
_DEPTH = _param("depth", 0.0, 1.0, 0.3, "share", "linear", "How far it moves.")
_FEEDBACK = _param("feedback", 0.0, 0.95, 0.3, "share", "linear", "How much of the output goes in again.")

BUILTINS: Final[dict[str, Builtin]] = {
    "Reverb": Builtin(
        (
            _param("room_size", 0.0, 1.0, 0.5, "share", "linear", "How large the room is."),
            _param("damping", 0.0, 1.0, 0.5, "share", "linear", "How soft its walls are."),
            _param("width", 0.0, 1.0, 1.0, "share", "linear", "From mono to stereo."),
            _param("freeze_mode", 0.0, 1.0, 0.0, "on/off", "switch", "Holds what is in the room."),
        ),
        # JUCE's reverb triples the wet level.
        fixed={"wet_level": 1.0 / 3.0, "dry_level": 0.0},
    ),
    "Delay": Builtin(
        (_param("delay_seconds", 0.01, 2.0, 0.375, "s", "log", "Seconds between echoes."), _FEEDBACK),
        fixed={"mix": 1.0},
    ),
    "Chorus": Builtin(
        (
            _SPEED,
            _DEPTH,
            _param("centre_delay_ms", 1.0, 50.0, 7.0, "ms", "log", "Delay that it moves around."),
            _FEEDBACK,
        ),
        fixed={"mix": 1.0},
        jumps=frozenset({"centre_delay_ms"}),
    ),
    "Phaser": Builtin(
        (
            _SPEED,
            _DEPTH,
            _param("centre_frequency_hz", 50.0, 10_000.0, 1300.0, "Hz", "log", "Frequency that it moves around."),
            _FEEDBACK,
        ),
        fixed={"mix": 1.0},
    ),
    "Compressor": Builtin((_THRESHOLD, _RATIO, _ATTACK, _RELEASE)),
    "Limiter": Builtin((_THRESHOLD, _RELEASE)),
    "NoiseGate": Builtin(
        (_param("threshold_db", -100.0, 0.0, -60.0, "dBFS", "linear", "Closed under this."), _RATIO, _ATTACK, _RELEASE)
    ),
    "Gain": Builtin((_GAIN,)),
    "Distortion": Builtin((_param("drive_db", 0.0, 40.0, 12.0, "dB", "linear", "How hard it is driven."),)),
    "Clipping": Builtin((_param("threshold_db", -40.0, 0.0, -6.0, "dBFS", "linear", "Cut off over this."),)),
    "Bitcrush": Builtin((_param("bit_depth", 1.0, 16.0, 8.0, "bits", "linear", "How finely levels are told apart."),)),
    "LadderFilter": Builtin(
        (
            _param("mode", 0.0, 5.0, 0.0, "0 LPF12, 1 HPF12, 2 BPF12, 3 LPF24, 4 HPF24, 5 BPF24", "steps", "What passes."),
            _param("cutoff_hz", 20.0, 20_000.0, 1000.0, "Hz", "log", "Corner frequency."),
            _param("resonance", 0.0, 1.0, 0.2, "share", "linear", "How much it rings."),
            _param("drive", 1.0, 10.0, 1.0, "x", "log", "How hard it is driven."),
        )
    ),
    "HighpassFilter": Builtin((_cutoff(80.0),)),
    "LowpassFilter": Builtin((_cutoff(12_000.0),)),
    "HighShelfFilter": Builtin((_cutoff(6000.0), _GAIN, _Q)),
    "LowShelfFilter": Builtin((_cutoff(150.0), _GAIN, _Q)),
    "PeakFilter": Builtin((_cutoff(1000.0), _GAIN, _Q)),
    "Convolution": Builtin((), fixed={"mix": 1.0}, needs_file=True),
}
"""By pedalboard's name."""

COMMON: Final = (
    _param("mix", 0.0, 1.0, 1.0, "dry to wet", "linear", "How much of the effect is heard."),
    _param("on", 0.0, 1.0, 1.0, "on/off", "switch", "Off lets the sound through unchanged, as late as before."),
)
"""What every slot has before its effect's own parameters."""
