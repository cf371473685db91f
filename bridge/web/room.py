"""What the page is about."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.midi.recent import Recent
from bridge.session.bounces import Bounces
from bridge.session.collection import Collection
from bridge.session.lines import Lines
from bridge.session.player import Player

if TYPE_CHECKING:
    from bridge.midi.controllers import Controllers


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """One session, as the page shows it. `output` is the folder that songs and bounces go into."""

    player: Player
    lines: Lines
    collection: Collection
    bounces: Bounces
    output: Path
    controllers: "Controllers | None" = None
    said: Recent = field(default_factory=Recent)
    """What people were told."""
