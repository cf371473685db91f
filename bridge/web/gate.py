"""Who may come in: a link with a token, or a password; by our own address and from our own page only.

Every request and every WebSocket passes here, also NiceGUI's own. The checks, in order:

1. `Host` is an address that we serve: another site whose name was made to point here (DNS rebinding) is not let in.
2. `Origin`, where a browser sends one, is ours; a WebSocket must have one.
3. A cookie, which the link `/?token=...` gives on this machine, or the password on another.
"""

import hmac
import http
import secrets
import time
from collections.abc import Callable
from html import escape
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request, cookie_parser
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bridge.web.addresses import LOOPBACK, Addresses

TRIES = 5
"""Wrong passwords before one has to wait."""
LONGEST_WAIT = 30.0
"""Seconds between two tries at the most: 2,880 a day."""
FORM_BYTES = 4096

SECURITY = {
    # Vue compiles templates in the browser, and NiceGUI's page begins with a script of its own.
    "content-security-policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' blob:; worker-src 'self' blob:; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    ),
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    # With no-referrer a browser calls the origin of our own login form "null".
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
FILES = {"/_nicegui/": None, "/static/": "no-cache"}
"""Where files lie that a browser may keep, and what it is told; NiceGUI's addresses carry its version."""


class Gate:
    """Stands before an application; `token` is what the link carries."""

    def __init__(self, app: ASGIApp, addresses: Addresses, token: str, password: str | None = None) -> None:
        self.app, self._addresses, self._token = app, addresses, token
        # Cookies are shared by all ports of a host.
        self._cookie = f"remixture-{addresses.port}"
        self._secret = secrets.token_urlsafe(24)
        self._password = Password(password) if password else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        refusal = self._refused(scope)
        if scope["type"] == "websocket":
            known = refusal is None and self._known(scope)
            return await self.app(scope, receive, send) if known else await _turn_away(send)
        send = _guarded(scope["path"], send)
        if refusal is None:
            answer = await self._answer(Request(scope, receive))
            if answer is None:
                return await self.app(scope, receive, send)
        else:
            answer = refusal
        return await answer(scope, receive, send)

    def _refused(self, scope: Scope) -> Response | None:
        """Return what to say to somebody who comes by another name, or from another page."""
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or not self._addresses.ours(hosts[0]):
            return PlainTextResponse("This is not the address of the page.", http.HTTPStatus.MISDIRECTED_REQUEST)
        ours = [f"http://{hosts[0]}"]
        plain = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        if origins == ours or (scope["type"] == "http" and not origins):
            return None
        if plain and headers.get("sec-fetch-mode") == "navigate":
            return None
        return PlainTextResponse("Another page may not ask for this.", http.HTTPStatus.FORBIDDEN)

    def _known(self, scope: Scope) -> bool:
        """Tell whether somebody was let in before."""
        cookie = cookie_parser(Headers(scope=scope).get("cookie", "")).get(self._cookie, "")
        return _same(cookie, self._secret)

    async def _answer(self, request: Request) -> Response | None:
        """Return what the gate itself says; None: come in."""
        if "token" in request.query_params and request.url.path == "/":
            client = request.client.host if request.client else ""
            if client in LOOPBACK and _same(request.query_params["token"], self._token):
                return self._let_in()
        elif self._known(request.scope):
            return None
        if self._password is None:
            return PlainTextResponse(
                "Open the link that remixture printed when it started: it carries a token that lets you in.",
                http.HTTPStatus.FORBIDDEN,
            )
        if request.url.path == "/login" and request.method == "POST":
            return await self._login(request, self._password)
        return _form("", http.HTTPStatus.UNAUTHORIZED if request.url.path == "/" else http.HTTPStatus.FORBIDDEN)

    async def _login(self, request: Request, password: "Password") -> Response:
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > FORM_BYTES:
                return _form("That is too long for a password.", http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        wait = password.wait()
        if wait > 0.0:
            return _form(f"Too many wrong tries: wait {wait:.0f} s.", http.HTTPStatus.TOO_MANY_REQUESTS)
        tried = parse_qs(body.decode("utf-8", "replace")).get("password", [""])[0]
        return self._let_in() if password.right(tried) else _form("That is not it.", http.HTTPStatus.UNAUTHORIZED)

    def _let_in(self) -> Response:
        answer = RedirectResponse("/", http.HTTPStatus.SEE_OTHER)
        answer.set_cookie(self._cookie, self._secret, httponly=True, samesite="strict")
        return answer


class Password:
    """What has to be known, and how long to wait after wrong tries. `clock` gives seconds."""

    def __init__(self, text: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._text, self._clock = text, clock
        self._wrong, self._next = 0, 0.0

    def wait(self) -> float:
        """Return the seconds until the next try is looked at."""
        return max(0.0, self._next - self._clock())

    def right(self, tried: str) -> bool:
        """Tell whether it is right; each wrong one after `TRIES` makes the wait twice as long."""
        if _same(tried, self._text):
            self._wrong = 0
            return True
        self._wrong += 1
        if self._wrong >= TRIES:
            self._next = self._clock() + min(LONGEST_WAIT, 2.0 ** (self._wrong - TRIES))
        return False


def _same(a: str, b: str) -> bool:
    """Compare in a time that says nothing of where they differ."""
    return hmac.compare_digest(a.encode("utf-8", "replace"), b.encode("utf-8", "replace"))


async def _turn_away(send: Send) -> None:
    """Refuse a WebSocket before it is one; the server makes a 403 of that."""
    await send({"type": "websocket.close", "code": 1008})


def _guarded(path: str, send: Send) -> Send:
    """Return a `send` that adds what browsers are to mind."""

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(SECURITY)
            kept = [said for where, said in FILES.items() if path.startswith(where)]
            said = kept[0] if kept else "no-store"
            if said is not None:
                headers["cache-control"] = said
        await send(message)

    return guarded


def _form(said: str, status: int) -> Response:
    return HTMLResponse(
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<title>Remixture</title><style>body{background:#101216;color:#e8e6e3;font:18px system-ui;display:grid;"
        "place-content:center;height:90vh}input,button{font:inherit;padding:.5em;margin:.3em 0;width:100%}"
        '</style><form method="post" action="/login"><h1>Remixture</h1>'
        f'<p role="status">{escape(said)}</p><label>Password<input type="password" name="password" autofocus required></label>'
        "<button>Come in</button></form></html>",
        status,
    )
