"""What a training of a remixing network leaves."""

from pathlib import Path

from engine.train.checkpoint import State
from engine.train.remix.training import Plan
from engine.train.sources import LICENCES
from engine.train.written import plot, write_weights


def write(file: Path, state: State, plan: Plan, used: tuple[str, ...], remix_db: float | None) -> None:
    """Write the mean weights, their card, and the losses as a plot beside them.

    Parameters
    ----------
    remix_db : float, optional
        Mean SDR of the remix over the last steps in dB, for the card.
    """
    shape = plan.shape
    what = f"a remixing network, model {shape.model}: {', '.join(shape.names)}"
    told = {
        "what": what,
        "steps": state.step,
        "settings": plan.settings(),
        "scores": {} if remix_db is None else {"remix_sdr_db": round(remix_db, 2)},
    }
    write_weights(file, state.mean, {"shape": shape.described()}, told, {name: LICENCES[name] for name in used})
    plot(file.with_suffix(".png"), state.losses, f"Training of {what}")
