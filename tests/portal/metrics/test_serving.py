"""The port that Prometheus asks: real processes, and who can reach it."""

import os
import re
import runpy
import socket
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import pytest
import structlog
from django.core.exceptions import ImproperlyConfigured
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from certportal.operations.metrics import serving
from certportal.operations.metrics.serving import own_address
from tests.journeys.steps import await_true
from tests.stack import ROOT, free_port

LOADED = """
import sys
{}
from django.conf import settings
print("prometheus_client" in sys.modules, any("metrics" in one for one in settings.MIDDLEWARE))
"""


def scrape(port):
    """Return the values at the port, by name and labels' values; none while nobody listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
            text = answer.read().decode()
    except OSError:
        return {}
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def missed(port):
    """How often all of web's processes have said that there is no such page."""
    return scrape(port).get(("certportal_answers_total", "GET", "4xx", "none"), 0)


def listening(port):
    """Return the addresses, as the kernel writes them, at which somebody listens at the port."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    found = {row[1] for row in rows if row[3] == "0A"}
    return {each.split(":")[0] for each in found if int(each.split(":")[1], 16) == port}


def test_both_processes_of_web_are_told_together_on_this_machine_alone(stack, tmp_path):
    port = free_port()
    place = tmp_path / "tmp"
    place.mkdir()
    told = {"METRICS_PORT": str(port), "WEB_CONCURRENCY": "2", "TMPDIR": str(place)}
    stack.start("web", extra=told)
    stack.await_web()
    await_true(lambda: scrape(port), "web tells nothing", seconds=40)
    assert listening(port) == {"0100007F"}
    # A page that nobody waited for: of /livez an answer may still be under way.
    for _ in range(20):
        assert not stack.answers("/metrics")
    await_true(lambda: missed(port) >= 20, "some answers are not counted", seconds=40)
    assert {missed(port) for _ in range(10)} == {20}
    stack.halt("web")
    assert list(place.glob("portal-metrics-*")) == []


def test_the_process_metrics_tells_the_state_on_this_machine_alone(stack):
    port = free_port()
    stack.start("metrics", extra={"METRICS_PORT": str(port)})
    told = {}
    await_true(lambda: told.update(scrape(port)) or told, "metrics tells nothing", seconds=40)
    assert listening(port) == {"0100007F"}
    read = {key[1]: is_so for key, is_so in told.items() if key[0] == "certportal_part_read"}
    assert set(read.values()) == {1} and len(read) > 5
    assert told["certportal_unwell", "worker-ca"] == 1
    # Its connections only read, whatever it is told to do.
    assert scrape(port)["certportal_unwell", "database"] == 0


def metrics(*arguments, **told):
    """Run the process `metrics` to its end; return its exit code and what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "certportal.operations.metrics", *arguments],
        env={**os.environ, "PORTAL_PROCESS": "metrics", **told},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("port", ["", "0"])
def test_without_a_port_it_says_what_is_missing(port):
    said = "Set METRICS_PORT to the port from which Prometheus is to read metrics.\n"
    assert metrics(METRICS_PORT=port) == (1, said)


@pytest.fixture
def taken():
    """A port at which a process listens that would share it."""
    with socket.create_server(("127.0.0.1", free_port()), reuse_port=True) as other:
        yield other.getsockname()[1]


def test_a_second_one_does_not_share_the_port(taken):
    code, said = metrics(METRICS_PORT=str(taken))
    assert code == 1
    assert said.startswith(f"Cannot listen on METRICS_PORT {taken}: ")
    assert "in use" in said and len(said.splitlines()) == 1


def test_whether_the_port_can_be_had_is_tried_without_serving():
    assert metrics("--try", METRICS_PORT=str(free_port())) == (0, "")
    for told in ({"METRICS_PORT": "65536"}, {"METRICS_ADDRESS": "203.0.113.0/24"}):
        code, said = metrics("--try", **{"METRICS_PORT": str(free_port()), **told})
        assert code == 1 and said.startswith("Cannot listen on METRICS_PORT")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("METRICS_ADDRESS", "203.0.113.0/24"),
        ("METRICS_ADDRESS", "everywhere"),
        ("METRICS_PORT", 65536),
        ("METRICS_PORT", None),
    ],
)
def test_web_starts_though_nothing_can_listen(setting, value, settings, taken):
    with socket.create_server(("127.0.0.1", free_port())) as other:
        settings.METRICS_PORT = other.getsockname()[1] if value is None else taken
        if value is not None:
            setattr(settings, setting, value)
        with structlog.testing.capture_logs() as logged:
            serving.serve_beside(CollectorRegistry())
    assert [line["event"] for line in logged] == ["metrics_not_served"]


def served(server, says):
    """Let the server answer somebody who says this, and stays."""
    with socket.create_connection(server.server_address) as asking:
        asking.sendall(says)
        server.process_request_thread(*server.get_request())


@pytest.mark.parametrize("says", [b"", b"GET /metr"])
def test_of_a_peer_that_is_silent_nothing_is_told(says, settings, monkeypatch, capfd):
    settings.METRICS_PORT = 0
    monkeypatch.setattr("certportal.operations.metrics.serving._Quiet.timeout", 0.01)
    with serving.listen(CollectorRegistry()) as server:
        served(server, says)
    assert capfd.readouterr() == ("", "")


def test_of_an_error_that_is_ours_the_type_is_told_and_not_who_asked(settings, monkeypatch, capfd):
    def fails(*_):
        raise RuntimeError("of 127.0.0.1")

    settings.METRICS_PORT = 0
    monkeypatch.setattr("certportal.operations.metrics.serving._Quiet.handle", fails)
    with serving.listen(CollectorRegistry()) as server, structlog.testing.capture_logs() as logged:
        served(server, b"")
    assert capfd.readouterr() == ("", "")
    (line,) = logged
    assert line == {"event": "metrics_not_told", "error": "RuntimeError", "log_level": "warning"}


@pytest.mark.parametrize(
    ("process", "port", "makes"),
    [("web", "9100", True), ("web", "0", False), ("web", "", False), ("front", "9100", False)],
)
def test_gunicorn_removes_the_place_that_it_made_and_no_other(
    process, port, makes, tmp_path, monkeypatch
):
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    theirs.mkdir()
    ours.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(ours))
    monkeypatch.setenv("PORTAL_PROCESS", process)
    monkeypatch.setenv("METRICS_PORT", port)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(theirs))
    loaded_with = []

    def load():
        loaded_with.append(os.environ["PROMETHEUS_MULTIPROC_DIR"])

    server = SimpleNamespace(app=SimpleNamespace(wsgi=load))
    runpy.run_path(str(ROOT / "gunicorn.conf.py"))["on_starting"](server)
    made = list(ours.iterdir())
    (used,) = loaded_with
    # A reload reads the file anew.
    runpy.run_path(str(ROOT / "gunicorn.conf.py"))["on_exit"](server)
    assert (len(made), used) == ((1, str(made[0])) if makes else (0, str(theirs)))
    assert sorted(tmp_path.rglob("*")) == [ours, theirs]


@pytest.mark.parametrize(
    ("process", "entry", "port"),
    [
        ("web", "import certportal.wsgi", ""),
        ("front", "import certportal.wsgi_front", "9"),
        ("ca", "import django, certportal.celery; django.setup()", "9"),
        ("default", "import django, certportal.celery; django.setup()", "9"),
    ],
)
def test_a_process_that_does_not_listen_loads_no_exporter(process, entry, port):
    done = subprocess.run(
        [sys.executable, "-c", LOADED.format(entry)],
        env={**os.environ, "PORTAL_PROCESS": process, "METRICS_PORT": port},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "False False\n", done.stderr


def test_an_address_may_be_told_as_the_network_it_is_in():
    assert own_address("0.0.0.0") == "0.0.0.0"
    assert own_address("127.0.0.0/8").startswith("127.")
    with pytest.raises(ImproperlyConfigured, match="no address in"):
        own_address("203.0.113.0/24")
    with pytest.raises(ImproperlyConfigured, match="METRICS_ADDRESS"):
        own_address("everywhere")


def test_no_proxy_is_told_of_the_port():
    parts = [*(ROOT / "certportal/operations/proxy").rglob("*"), *(ROOT / "deploy/proxy").iterdir()]
    texts = [part.read_text() for part in parts if part.is_file() and part.suffix != ".html"]
    assert len(texts) > 5
    assert not any(re.search(r"metrics|9100", text) for text in texts)
