"""Nobody comes in who should not: every address of the page, by every door."""

import asyncio
import contextlib
import socket
import threading
from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from websockets.exceptions import InvalidStatus

from bridge.web.addresses import Addresses
from bridge.web.gate import SECURITY, TRIES, Gate, Password
from bridge.web.server import PageServer
from engine.model.errors import RemixtureError
from tests.bridge.web.rig import Served

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NICEGUI = "/_nicegui_ws/socket.io/?EIO=4&transport="
DOORS = ("/", "/static/wire.js", "/api/decks/a/map", "/api/songs/0/stems.zip", f"{NICEGUI}polling", "/login", "/nothing")
SOCKETS = ("/wire", "/listen", f"{NICEGUI}websocket")


def refused(served: Served, path: str, **how: str) -> int:
    """The status with which a WebSocket is refused."""
    with pytest.raises(InvalidStatus) as caught, served.socket(path, **how):
        pass
    return caught.value.response.status_code


@pytest.mark.parametrize("path", DOORS)
def test_without_the_cookie_nothing_is_served(served: Served, path: str) -> None:
    with served.http() as client:
        answer = client.get(path)

    assert answer.status_code == 403
    assert answer.text.count("\n") == 0
    assert "link" in answer.text


@pytest.mark.parametrize("path", SOCKETS)
def test_without_the_cookie_no_socket_opens(served: Served, path: str) -> None:
    assert refused(served, path, cookie="") == 403
    assert refused(served, path, cookie=f"remixture-{served.server.port}=guess") == 403


@pytest.mark.parametrize("token", ["", "guess", "%00", "é"])
def test_a_wrong_token_is_refused(served: Served, token: str) -> None:
    with served.http() as client:
        assert client.get(f"/?token={token}").status_code == 403
        assert not client.cookies


def test_the_link_becomes_a_cookie_that_no_script_sees(served: Served) -> None:
    with served.http() as client:
        answer = client.get(served.server.url)
        page = client.get("/")

    said = answer.headers["set-cookie"].lower()
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert said.startswith(f"remixture-{served.server.port}=")
    assert "httponly" in said
    assert "samesite=strict" in said
    assert served.server.url.partition("token=")[2] not in said
    assert page.status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "x@127.0.0.1:{port}", ""])
def test_a_name_that_is_not_ours_is_refused(served: Served, host: str) -> None:
    host = host.format(port=served.server.port)
    with served.known() as client:
        assert client.get("/", headers={"Host": host}).status_code == 421
        assert client.get(served.server.url, headers={"Host": host}).status_code == 421
    if host:
        assert refused(served, "/wire", host=host, origin=f"http://{host}") == 403


def test_this_machine_has_more_names_than_one(served: Served) -> None:
    with served.known() as client:
        for name in ("localhost", "127.0.0.1", "[::1]"):
            assert client.get("/api/decks/a/map", headers={"Host": f"{name}:{served.server.port}"}).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1:{port}"])
def test_another_page_may_ask_for_nothing(served: Served, origin: str) -> None:
    origin = origin.format(port=served.server.port)
    with served.known() as client:
        headers = {"Origin": origin}
        assert client.put("/api/songs?name=a.wav", content=b"x", headers=headers).status_code == 403
        assert client.post(f"{NICEGUI}polling", headers=headers).status_code == 403
        assert client.get("/api/decks/a/map", headers=headers).status_code == 403
        assert client.get("/static/wire.js", headers=headers | {"Sec-Fetch-Mode": "navigate"}).status_code == 200
    for path in SOCKETS:
        assert refused(served, path, origin=origin) == 403


def test_a_socket_that_does_not_say_whose_it_is_is_refused(served: Served) -> None:
    assert refused(served, "/wire", origin="") == 403


def test_all_answers_tell_browsers_to_be_careful(served: Served) -> None:
    with served.known() as client:
        answers = [client.get(path) for path in ("/", "/api/decks/a/map", "/static/wire.js", "/nothing")]

    for answer in answers:
        assert SECURITY.items() <= dict(answer.headers).items()
    assert [answer.headers["cache-control"] for answer in answers] == ["no-store", "no-store", "no-cache", "no-store"]
    # No other machine is ever named.
    assert "//" not in SECURITY["content-security-policy"]
    assert "*" not in SECURITY["content-security-policy"]


def test_a_port_that_is_taken_is_said(served: Served) -> None:
    with pytest.raises(RemixtureError, match=rf"port {served.server.port} .*name another port"):
        PageServer(served.room, port=served.server.port).start()


def test_others_come_in_by_a_password_only(served: Served) -> None:
    with pytest.raises(RemixtureError, match="needs a password"):
        PageServer(served.room, "0.0.0.0").start()  # noqa: S104 - that is refused


def test_a_second_server_serves_the_same_session(served: Served) -> None:
    with contextlib.closing(PageServer(served.room)) as server:
        server.start()
        server.wait()
        other = Served(served.room, server, served.sets, served.driver)
        with other.known() as client, other.page() as page:
            assert client.get("/").status_code == 200
            assert page.decks["a"]["title"] == "song-0"
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", server.port), timeout=1.0)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """What stands behind the gate."""
    await PlainTextResponse("inside")(scope, receive, send)


def knock(gate: Gate, *requests: tuple[str, str, str], client: str = "192.168.1.7") -> list[httpx.Response]:
    """Answers to (method, path, body), one after the other, of somebody on the network."""
    answers = []

    async def ask() -> None:
        transport = httpx.ASGITransport(gate, client=(client, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://192.168.1.2:8080") as browser:
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            answers.extend([await browser.request(m, path, content=body, headers=form) for m, path, body in requests])

    # A browser test may have a loop of its own on this thread.
    thread = threading.Thread(target=lambda: asyncio.run(ask()))
    thread.start()
    thread.join()
    return answers


def shared(password: str = "let me in") -> Gate:  # noqa: S107 - of a test
    return Gate(application, Addresses(8080, "192.168.1.2"), "token", password)


def test_the_password_lets_in() -> None:
    form, wrong, still, right, page = knock(
        shared("é + ö"), ("GET", "/", ""), ("POST", "/login", "password=e"), ("GET", "/", ""),
        ("POST", "/login", "password=%C3%A9+%2B+%C3%B6"), ("GET", "/", ""),
    )  # fmt: skip

    assert [answer.status_code for answer in (form, wrong, still, right, page)] == [401, 401, 401, 303, 200]
    assert 'type="password"' in form.text
    assert page.text == "inside"


def test_the_link_is_for_this_machine_only() -> None:
    assert knock(shared(), ("GET", "/?token=token", ""))[0].status_code == 401
    assert knock(shared(), ("GET", "/?token=token", ""), client="127.0.0.1")[0].status_code == 303


def test_who_guesses_has_to_wait() -> None:
    gate = shared()
    tries = knock(gate, *[("POST", "/login", "password=x")] * (TRIES + 1), ("POST", "/login", "password=let+me+in"))

    assert [answer.status_code for answer in tries] == [401] * TRIES + [429, 429]


def test_the_wait_grows_with_each_guess_and_ends() -> None:
    now = [0.0]
    password = Password("right", lambda: now[0])
    waits = []
    for _ in range(TRIES + 8):
        assert not password.right("wrong")
        waits.append(password.wait())
        now[0] += password.wait()

    assert waits == [0.0] * (TRIES - 1) + [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0, 30.0]
    assert password.right("right")
    assert not password.right("wrong")
    assert password.wait() == 0.0


def test_what_is_no_form_is_not_read_to_its_end() -> None:
    assert knock(shared(), ("POST", "/login", "password=" + "x" * 100_000))[0].status_code == 413


@pytest.mark.parametrize(
    ("host", "name", "ours"),
    [
        ("0.0.0.0", "192.168.1.2:8080", True),  # noqa: S104 - a name, not served
        ("0.0.0.0", "[fe80::1]:8080", True),  # noqa: S104 - a name, not served
        ("0.0.0.0", f"{socket.gethostname()}:8080", True),  # noqa: S104 - a name, not served
        ("0.0.0.0", "evil.example:8080", False),  # noqa: S104 - a name, not served
        ("192.168.1.2", "192.168.1.2:8080", True),
        ("192.168.1.2", "192.168.1.3:8080", False),
        ("192.168.1.2", "localhost:8080", True),
        ("127.0.0.1", "192.168.1.2:8080", False),
        ("127.0.0.1", "127.0.0.1:99999999", False),
        ("127.0.0.1", "[:8080", False),
    ],
)
def test_what_we_are_called(host: str, name: str, ours: bool) -> None:  # noqa: FBT001 - a table
    assert Addresses(8080, host).ours(name) is ours


def test_the_port_that_browsers_leave_out() -> None:
    assert Addresses(80).ours("localhost")
    assert not Addresses(8080).ours("localhost")


def test_who_has_the_password_gets_in_with_a_browser(chromium: "Browser", served: Served) -> None:
    server = PageServer(served.room, password="correct horse")  # noqa: S106 - a test's
    with contextlib.closing(server), chromium.new_context() as context:
        server.start()
        server.wait()
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{server.port}/")

        page.fill("input[type=password]", "correct horse")
        with page.expect_navigation(wait_until="commit") as navigation:
            page.keyboard.press("Enter")

        assert navigation.value.status == 200
        assert page.url == f"http://127.0.0.1:{server.port}/"
