"""The page of a session: its options, and how it is served and shown."""

from __future__ import annotations

import argparse
import os
import sys
import webbrowser
from typing import TYPE_CHECKING

from engine.model.errors import RemixtureError

if TYPE_CHECKING:
    from bridge.web.room import Room
    from bridge.web.server import PageServer

LOOPBACK = "127.0.0.1"
PASSWORD = "REMIXTURE_PASSWORD"  # noqa: S105 - the name of a variable
SHORTEST = 8
"""Characters of a password."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what concerns the page."""
    add = parser.add_argument
    yes = argparse.BooleanOptionalAction
    add("--page", action=yes, default=True, help="serve the page (default: yes)")
    add("--browser", action=yes, default=None, help="show the page in the browser (default: at a terminal)")
    add("--port", type=int, default=0, metavar="N", help="port of the page (default: a free one)")
    add(
        "--host",
        default=LOOPBACK,
        metavar="ADDRESS",
        help=f"an address of this machine at which other devices see the page, with a password: asked for, or ${PASSWORD}",
    )


def check(options: argparse.Namespace) -> str | None:
    """Refuse what cannot be meant, before anything starts; return the password, if one is needed."""
    if not 0 <= options.port <= 65_535:
        raise RemixtureError(f"--port must be within 0 to 65535, got {options.port}")
    if options.sink.partition(":")[0] == "browser" and not options.page:
        raise RemixtureError("--sink browser plays on the page, which --no-page turns off")
    if options.host in {LOOPBACK, "localhost", "::1"}:
        return None
    password = os.environ.get(PASSWORD, "")
    if not password and sys.stdin.isatty():
        import getpass

        password = getpass.getpass("Password for the page: ")
    if len(password) < SHORTEST:
        raise RemixtureError(
            f"--host {options.host} opens the page to other devices: give ${PASSWORD} at least {SHORTEST} characters"
        )
    return password


def serve(options: argparse.Namespace, room: Room, password: str | None) -> PageServer:
    """Serve the page and show it.

    Raises
    ------
    RemixtureError
        If the port cannot be had.
    """
    from bridge.web.server import PageServer

    server = PageServer(room, options.host, options.port, password)
    server.start()
    show = sys.stdin.isatty() if options.browser is None else options.browser
    if show:
        webbrowser.open(server.url)
    return server
