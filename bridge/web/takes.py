"""Takes: what was recorded in this session, rendered or exported to files that can be taken away."""

from functools import partial

from nicegui import ui

from bridge.session.bounces import BounceJob, BounceState
from bridge.web.elements import Pick, button, tell
from bridge.web.exports import choose_format
from bridge.web.room import Room
from engine.model.errors import RemixtureError
from engine.model.take import Recording

KINDS = {".wav": "WAV, 32 bit float", ".flac": "FLAC, 24 bit", ".mp3": "MP3"}


class Takes:
    """Recordings and bounces."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._recordings: tuple[Recording, ...] | None = None
        self._jobs: dict[int, _Job] = {}
        if room.player.take is None:
            ui.label("No take is written: it was opened with --no-take.").classes("rx-note")
        else:
            ui.label("Record marks what you play; the mix is rendered afterwards, sample for sample.").classes("rx-note")
            self._kind = Pick("Files", KINDS, ".wav")
            self._list = ui.column().classes("rx-list").props('role=list aria-label="Recordings"')
        self._bounces = ui.column().classes("rx-list").props('role=list aria-label="Bounces"')

    def look(self) -> None:
        """Show what was recorded and rendered."""
        recordings = self._room.player.recordings()
        if self._room.player.take is not None and recordings != self._recordings:
            self._recordings = recordings
            self._list.clear()
            with self._list:
                self._show(recordings)
        for job in self._room.bounces.list():
            if job.number not in self._jobs:
                with self._bounces:
                    self._jobs[job.number] = _Job(self._room)
            self._jobs[job.number].show(job)

    def _show(self, recordings: tuple[Recording, ...]) -> None:
        for one in reversed(recordings):
            with ui.row().classes("rx-line rx-song").props("role=listitem"):
                length = "is being recorded" if one.end is None else _clock((one.end - one.start) / self._room.player.rate)
                ui.label(f"Recording {one.number}: {length}").classes("rx-grow")
                if one.end is not None:
                    button("Bounce", partial(self._bounce, one.number), label=f"Bounce recording {one.number}", strong=True)
                    button("Export", partial(self._export, one.number), label=f"Export recording {one.number}")
        with ui.row().classes("rx-line rx-song").props("role=listitem"):
            ui.label("All that was played so far").classes("rx-grow")
            button("Bounce", partial(self._bounce, None), label="Bounce all")
            button("Export", partial(self._export, None), label="Export all")

    def _bounce(self, recording: int | None) -> None:
        try:
            self._room.bounces.start(recording, self._kind.value)
        except RemixtureError as error:
            tell(str(error))

    def _export(self, recording: int | None) -> None:
        what = "all that was played so far" if recording is None else f"recording {recording}"
        choose_format(what, lambda to: self._room.bounces.export_take(to, recording))


class _Job:
    """One bounce or export."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._state: BounceState | None = None
        self._card = ui.column().classes("rx-song").props("role=listitem")

    def show(self, job: BounceJob) -> None:
        """Show how far it is."""
        if job.state != self._state:
            self._state = job.state
            self._card.clear()
            with self._card:
                self._build(job)
        if job.state in (BounceState.WAITING, BounceState.RUNNING):
            self._bar.set_value(job.share)
            self._left.set_text("" if job.left_seconds is None else f"{_clock(job.left_seconds)} left")

    def _build(self, job: BounceJob) -> None:
        ui.label(job.name).classes("rx-name")
        if job.state in (BounceState.WAITING, BounceState.RUNNING):
            self._bar = ui.linear_progress(job.share, show_value=False).props('aria-label="Progress"')
            with ui.row().classes("rx-line"):
                self._left = ui.label().classes("rx-note rx-grow").props("role=status")
                button("Cancel", partial(self._room.bounces.cancel, job.number), label=f"Cancel {job.name}")
        elif job.error:
            ui.label(job.error).classes("rx-error").props("role=alert")
        elif job.path is not None:
            ui.label(str(job.path)).classes("rx-note")
            button(
                "Download",
                partial(ui.download.from_url, f"/api/bounces/{job.number}"),
                label=f"Download {job.name}",
                strong=True,
            )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
