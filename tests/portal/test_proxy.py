"""nginx as `./portal run` starts it: the port of machines, and the cache of revocation status.

What these addresses do is the same in the containers, whose proxy includes the same files.
"""

import os
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.journeys.steps import await_true
from tests.stack import ROOT, free_port

SOURCES = ROOT / "certportal/operations/proxy"
LIST = "/crl/sote-ec-1.crl"
RESPONDER = "/ocsp/sote-ec-1"
LONGEST_ADDRESS = 4094
"""Characters of the first line of a request, as gunicorn limits them (`limit_request_line`)."""
MINUTE = "max-age=60, public, no-transform, must-revalidate"


class Site(ThreadingHTTPServer):
    """Web or front: says its name and what it has been told to say, and counts the requests."""

    def __init__(self, name: str, caching: str = MINUTE) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.name, self.caching, self.said, self.asked = name, caching, "good", 0
        self.leads_to = ""


class Answering(BaseHTTPRequestHandler):
    """An answer for each address; to a POST it quotes the body."""

    server: Site

    def do_GET(self) -> None:
        self._answer("")

    def do_HEAD(self) -> None:
        self._answer("")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

    def _answer(self, body: str) -> None:
        self.server.asked += 1
        content = f"{self.server.name}: {self.server.said} {self.command} {body}".strip().encode()
        if self.headers["If-None-Match"] == f'"{self.server.said}"':
            content = b""
            self.send_response(304)
        else:
            self.send_response(200)
        self.send_header("ETag", f'"{self.server.said}"')
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", self.server.caching)
        if self.server.leads_to:
            self.send_header("Location", self.server.leads_to)
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(site: Site) -> Iterator[None]:
    """Serve until the block ends; then nobody listens at its port."""
    with site:
        threading.Thread(target=site.serve_forever, args=[0.02], daemon=True).start()
        yield
        site.shutdown()


@contextmanager
def proxied(folder: Path, web: int, front: int) -> Iterator[int]:
    """Run nginx as `./portal run` does; yield the port of front's addresses."""
    port = free_port()
    names = {
        "PROXY_LISTEN": f"unix:{folder}/pages.sock",
        "PROXY_MACHINES_LISTEN": f"127.0.0.1:{port}",
        "PROXY_WEB": f"127.0.0.1:{web}",
        "PROXY_FRONT": f"127.0.0.1:{front}",
        "PROXY_TRUSTED": "",
        "PROXY_RUN": str(folder),
        "PROXY_SOURCES": str(SOURCES),
    }
    written = (SOURCES / "nginx.conf.template").read_text()
    for name, value in names.items():
        written = written.replace(f"${{{name}}}", value)
    (folder / "nginx.conf").write_text(written)
    with running(folder, port):
        yield port


@contextmanager
def running(folder: Path, port: int) -> Iterator[None]:
    """Run nginx with the folder's nginx.conf, which has it listen at the port."""
    as_root = ["-g", "user root;"] if os.geteuid() == 0 else []
    place = ["-p", f"{folder}/", "-c", str(folder / "nginx.conf")]
    with subprocess.Popen(["/usr/sbin/nginx", "-e", "stderr", *place, *as_root]) as nginx:
        try:
            await_true(lambda: ask(port, "/")[0] != 0, "nginx does not listen", seconds=20)
            yield
        finally:
            nginx.terminate()


def ask(
    port: int, path: str, body: str | None = None, method: str = "GET", **head: str
) -> tuple[int, str]:
    """Return status and content of the port's answer; status 0 while nobody listens."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("POST" if body else method, path, body, head)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except ConnectionRefusedError:
        return 0, ""
    finally:
        connection.close()


def when_again(port: int, path: str) -> str | None:
    """Return after how many seconds the port's answer asks to come again, if it does."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path)
        return connection.getresponse().getheader("Retry-After")
    finally:
        connection.close()


@dataclass
class Behind:
    """What stands behind the proxy, and the proxy's port."""

    port: int
    front: Site


@pytest.fixture
def web() -> Iterator[Site]:
    """The web process, which has an answer for each address."""
    site = Site("web")
    with serving(site):
        yield site


@pytest.fixture
def behind(tmp_path: Path, web: Site) -> Iterator[Behind]:
    """Both processes behind the proxy; front ends with `Behind.front.server_close()`."""
    front = Site("front")
    with serving(front), proxied(tmp_path, web.server_port, front.server_port) as port:
        yield Behind(port, front)


def test_no_page_is_served_there_while_web_answers_in_fronts_place(
    tmp_path: Path, web: Site
) -> None:
    with proxied(tmp_path, web.server_port, free_port()) as port:
        for path in (LIST, "/ca/sote-ec-1.crt", f"{RESPONDER}/MEYw//RDBC"):
            assert ask(port, path) == (200, "web: good GET"), path
        for path in ("/", "/fi/", "/admin/", "/healthz", "/ca/", "/static/portal.css"):
            assert ask(port, path)[0] == 404, path


def test_where_both_are_away_machines_are_told_to_come_again(tmp_path: Path) -> None:
    with proxied(tmp_path, free_port(), free_port()) as port:
        assert ask(port, LIST)[0] == 503


def test_a_crowd_that_asks_the_same_is_answered_from_the_cache(behind: Behind) -> None:
    for _time in range(200):
        assert ask(behind.port, LIST) == (200, "front: good GET")
    assert behind.front.asked < 100


def test_a_revocation_shows_at_once_though_the_answer_before_was_good_for_a_minute(
    behind: Behind,
) -> None:
    assert ask(behind.port, LIST)[1] == "front: good GET"
    behind.front.said = "revoked"
    await_true(lambda: "revoked" in ask(behind.port, LIST)[1], "it still says good", seconds=20)


def kept(folder: Path) -> list[int]:
    """Return the identities of the files in the proxy's cache."""
    return [file.stat().st_ino for file in (folder / "cache").rglob("*") if file.is_file()]


def test_slow_readers_of_a_list_share_one_file(behind: Behind, tmp_path: Path) -> None:
    """Each would otherwise keep a copy on the disk, which a visitor could fill."""
    for path in (LIST, f"{LIST}?1", LIST.replace("sote", "%73ote")):
        assert ask(behind.port, path) == (200, "front: good GET")
    (first,) = kept(tmp_path)

    def is_asked_again() -> bool:
        before = behind.front.asked
        assert ask(behind.port, LIST) == (200, "front: good GET")
        return behind.front.asked > before

    await_true(is_asked_again, "front is not asked again", seconds=10)
    assert kept(tmp_path) == [first]
    behind.front.said = "revoked"
    await_true(lambda: "revoked" in ask(behind.port, LIST)[1], "the list stays", seconds=10)


def test_no_answer_of_before_is_served_while_front_is_away(behind: Behind, web: Site) -> None:
    for path, body in ((LIST, None), (RESPONDER, "request")):
        assert ask(behind.port, path, body)[1].startswith("front: good")
    behind.front.shutdown()
    behind.front.server_close()
    web.said = "revoked"
    for path, body in ((LIST, None), (RESPONDER, "request")):
        await_true(
            lambda path=path, body=body: "web: revoked" in ask(behind.port, path, body)[1],
            "it still says what front said",
            seconds=20,
        )


@pytest.mark.parametrize("caching", ["no-store", "max-age=1, public", "max-age=0, public"])
def test_what_is_for_one_request_or_near_its_end_is_asked_for_each_time(
    behind: Behind, caching: str
) -> None:
    behind.front.caching = caching
    for time in range(1, 6):
        assert ask(behind.port, f"{RESPONDER}/MEYw")[0] == 200
        assert behind.front.asked == time


def test_posted_requests_are_told_apart_by_their_bodies_and_head_stays_head(
    behind: Behind,
) -> None:
    for body in ("one", "another", "x" * 9_000, "y" * 9_000):
        assert ask(behind.port, RESPONDER, body) == (200, f"front: good POST {body}")
    assert ask(behind.port, LIST, method="HEAD") == (200, "")
    assert ask(behind.port, LIST) == (200, "front: good GET")


COUNTED = """daemon off;
pid counted.pid;
events {{}}
http {{
    access_log off;
    {map}
    server {{ listen 127.0.0.1:{port}; location / {{ return 200 "$page_visitor"; }} }}
}}
"""


def test_the_containers_proxy_counts_pages_and_no_file_or_answer_of_the_cas(tmp_path: Path) -> None:
    """The page /ca/ is Django's, as is every address below it that is no certificate's."""
    written = (ROOT / "deploy/proxy/nginx.conf").read_text()
    found = re.search(r"map \$uri \$page_visitor \{.*?\n    \}", written, re.DOTALL)
    assert found
    port = free_port()
    (tmp_path / "nginx.conf").write_text(COUNTED.format(map=found[0], port=port))
    files = [f"/ca/sote-ec-1.{kind}" for kind in ("crt", "pem", "p7c")]
    free = ["/livez", "/static/a.css", LIST, f"{RESPONDER}/MFQwUjBQ/+x=", *files]
    pages = ["/", "/fi/", "/ca/", "/ca/x", "/ca/x/y.crt", "/ca/a.crt/", "/statics/", "/livez/x"]
    with running(tmp_path, port):
        counted = [path for path in free + pages if ask(port, path)[1]]
    assert counted == pages


OWN_PAGES = """daemon off;
pid pages.pid;
events {{}}
http {{
    access_log off;
    geo $is_trusted {{ default 0; }}
    map "" $web {{ default http://127.0.0.1:{web}; }}
    map "" $front {{ default $web; }}
    map "" $pages {{ default {sources}/pages; }}
    include {sources}/shared/http.conf;
    limit_req_zone $binary_remote_addr zone=few:1m rate=1r/m;
    limit_req_status 429;
    server {{
        listen 127.0.0.1:{port};
        include {sources}/shared/pages.conf;
        location /few/ {{ limit_req zone=few; proxy_pass $web; }}
    }}
}}
"""


def test_whoever_asks_too_much_or_too_often_reads_why(tmp_path: Path, web: Site) -> None:
    """A long text pasted into a search; and a hospital behind one address."""
    port = free_port()
    written = OWN_PAGES.format(web=web.server_port, port=port, sources=SOURCES)
    (tmp_path / "nginx.conf").write_text(written)
    with running(tmp_path, port):
        too_long = f"/fi/certificates/?q={'x' * 9000}"
        status, said = ask(port, too_long)
        assert (status, "Osoite on liian pitkä" in said) == (414, True)
        assert when_again(port, too_long) is None  # it stays too long
        status, said = ask(port, "/fi/", cookie="x" * 9000)
        assert (status, "poista tämän sivuston evästeet" in said) == (400, True)
        asked = [ask(port, "/few/") for _ in range(2)]
        assert when_again(port, "/few/") == "30"
    assert asked[0][0] == 200
    assert (asked[1][0], "Pyyntöjä on juuri nyt liian monta" in asked[1][1]) == (429, True)


def test_whoever_is_logged_out_is_led_to_log_in_from_the_longest_address(
    tmp_path: Path, web: Site
) -> None:
    """The answer's head has the address once more, its percent signs encoded."""
    port = free_port()
    written = OWN_PAGES.format(web=web.server_port, port=port, sources=SOURCES)
    (tmp_path / "nginx.conf").write_text(written)
    web.leads_to = "/fi/account/login/?next=" + "%25C3%25A4" * (LONGEST_ADDRESS // len("%C3%A4"))
    with running(tmp_path, port):
        assert ask(port, "/fi/orders/") == (200, "web: good GET")


def test_where_nginx_cannot_keep_what_was_sent_people_read_what_to_do(
    tmp_path: Path, web: Site
) -> None:
    """Its disk is full: a document does not fit into its memory."""
    port = free_port()
    written = OWN_PAGES.format(web=web.server_port, port=port, sources=SOURCES)
    (tmp_path / "nginx.conf").write_text(written)
    with running(tmp_path, port):
        (tmp_path / "bodies").rmdir()
        status, said = ask(port, "/fi/", body="x" * 100_000)
        assert (status, "Palvelu ei vastaa" in said) == (503, True)


TWO_VERSIONS = """daemon off;
pid static.pid;
events {{}}
http {{
    access_log off;
    proxy_next_upstream_tries 2;
    upstream web {{ {webs} }}
    map "" $web {{ default http://web; }}
    server {{ listen 127.0.0.1:{port}; {static} }}
}}
"""


class OwnFiles(Answering):
    """A web process that has the files of one version: those with its name in theirs."""

    def _answer(self, body: str) -> None:
        if self.server.name in self.path:
            super()._answer(body)
        else:
            self.send_error(404)


def test_each_page_gets_the_static_files_of_the_version_it_came_from(tmp_path: Path) -> None:
    """The image of the proxy has those of one version; three web processes have another's."""
    sites = [Site(name) for name in ("old", "old", "old", "new")]
    for site in sites:
        site.RequestHandlerClass = OwnFiles
    port = free_port()
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "app.0123456789ab.css").write_text("the image's")
    static = (
        (ROOT / "deploy/proxy/static.conf").read_text().replace("root /srv", f"root {tmp_path}")
    )
    webs = " ".join(f"server 127.0.0.1:{site.server_port};" for site in sites)
    written = TWO_VERSIONS.format(webs=webs, port=port, static=static)
    (tmp_path / "nginx.conf").write_text(written)
    with ExitStack() as served:
        for site in sites:
            served.enter_context(serving(site))
        served.enter_context(running(tmp_path, port))
        for _ in sites:
            assert ask(port, "/static/app.0123456789ab.css") == (200, "the image's")
            assert ask(port, "/static/new.ba9876543210.css") == (200, "new: good GET")
            assert ask(port, "/static/old.ba9876543210.css") == (200, "old: good GET")
            assert ask(port, "/static/none.ba9876543210.css")[0] == 404
