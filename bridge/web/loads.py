"""A song, or one loop of it, onto a deck."""

import time

from bridge.session.player import Player
from bridge.session.songs import OpenSong
from bridge.web.room import Room
from engine.model.errors import RemixtureError
from engine.model.remixset import Source

CLIP_BARS = 4.0
"""Length of the clip of a source that has no period."""
SWITCH_SECONDS = 0.1
"""How long a deck takes to go over to other parts of its song."""


def put_on(room: Room, deck: str, number: int, only: str | None = None) -> None:
    """Put a song of the collection on a deck; with `only` a source, nothing but its clip sounds, in time with what plays.

    Waits until it is there.

    Raises
    ------
    RemixtureError
        If there is no such song or source, nothing of it can be played yet, or the deck plays another song.
    """
    player, collection = room.player, room.collection
    if player.sources(deck) and collection.on(deck) != number and player.status().decks[deck].running:
        raise RemixtureError(f"deck {deck.upper()} plays {player.song(deck).title}: stop it first")
    if only is None:
        collection.put_on(deck, number)
        return
    layer, source = _place(collection.song(number), only)
    at = f"deck.{deck}"
    if collection.on(deck) != number:
        collection.put_on(deck, number, layer)
        _send(player, {f"{at}.song": 0.0, f"{at}.sync": 1.0, f"{at}.play": 1.0})
    parts = [one.name for one in player.song(deck).layers].index(layer)
    if player.value(f"{at}.parts") != parts:
        _send(player, {f"{at}.parts": float(parts)})
        # A clip is one of the parts that play.
        time.sleep(SWITCH_SECONDS)
    bar, bars = (source.best_bar or 0) + 1, source.period or CLIP_BARS
    path = f"{at}.{source.id}"
    _send(player, {f"{path}.clip_bar": float(bar), f"{path}.clip_bars": float(bars), f"{path}.clip": 1.0})


def _send(player: Player, values: dict[str, float]) -> None:
    for path, value in values.items():
        player.send(path, player.param(path).clamp(value), 0)


def _place(song: OpenSong, wanted: str) -> tuple[str, Source]:
    """Return the decomposition that a source is of, and the source."""
    for name, found in (song.remixset.decompositions if song.remixset else {}).items():
        for source in found.sources:
            if source.id == wanted and name in song.parts:
                return name, source
    raise RemixtureError(f"{song.title} has no {wanted}")
