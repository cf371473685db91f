"""A take and its sets -> a file: what was heard, sample for sample."""

from collections.abc import Sequence
from pathlib import Path

from engine.bounce.output import Bounced, Renderer, Target
from engine.bounce.replay import Effects, Replay, find_sets, no_effects, recording_of, sets_of
from engine.model.errors import RemixtureError
from engine.model.report import Quiet, Report
from engine.store.encode import check_target
from engine.store.take import read_take


def bounce_take(
    path: Path,
    target: Target,
    folders: Sequence[Path] = (),
    report: Report = Quiet(),  # noqa: B008 - a value
    effects: Effects = no_effects,
    recording: int | None = None,
) -> Bounced:
    """Render a take to a file: what was heard, sample for sample. It may still be going on.

    Parameters
    ----------
    path : Path
        The `take.jsonl`.
    target : Target
        With `each` one file per source and deck is written beside, as it was heard before the master. With a loudness the
        limiter holds -1 dBTP afterwards, or the songs' own peak, instead of what it did in the take.
    folders : sequence of Path
        Sets, or folders of sets, to look in first; then where the take says, then beside the take.
    report : Report
    effects : function
        Opens the chains of effects that the take was played through.
    recording : int, from 1
        Which recording to write, instead of all; all before it is played too. One that goes on ends with the take.

    Raises
    ------
    RemixtureError
        For everything a person can mend; nothing is left half-written.
    """
    take = read_take(path)
    check_target(target.path, take.head.rate, target.depth)
    if take.torn:
        report.note(f"the last line of {path} was cut off and is left out")
    if take.late:
        report.note(f"{take.late} blocks came too late when the take was played; here they are whole")
    found = find_sets(take, path, folders)
    if any(target.path.resolve() == Path(one.set.song.path) for one in sets_of(found)):
        raise RemixtureError(f"{target.path} is the recording itself: name another file")
    part = recording_of(take, path, recording)
    return Renderer(Replay(take, found, effects, part), target).write(report)
