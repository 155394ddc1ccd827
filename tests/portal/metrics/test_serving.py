"""The port that Prometheus asks: real processes, and who can reach it."""

import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from prometheus_client.parser import text_string_to_metric_families

from certportal.operations.metrics.serving import own_address
from tests.journeys.steps import await_true
from tests.stack import ROOT, Stack, free_port

LOADED = """
import sys
{}
from django.conf import settings
print("prometheus_client" in sys.modules, any("metrics" in one for one in settings.MIDDLEWARE))
"""


@pytest.fixture
def stack(transactional_db, tmp_path):
    running = Stack(tmp_path)
    running.start("broker")
    yield running
    running.stop()


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


def test_without_a_port_it_says_what_is_missing():
    done = subprocess.run(
        [sys.executable, "-m", "certportal.operations.metrics"],
        env={**os.environ, "PORTAL_PROCESS": "metrics", "METRICS_PORT": ""},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (
        1,
        "Set METRICS_PORT to the port on which Prometheus asks.\n",
    )


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
