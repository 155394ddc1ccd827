"""The image: its directories, its hashed locks, its commands and the probe of its health."""

import re
import socket

import pytest
from django.conf import settings

from certportal.operations import health, probe, work
from tests.packaging.files import DOCKERFILE, OURS, ROOT, SERVICES

PARTS = [ROOT / "portal", *ROOT.glob("certportal/shell/*.sh")]
PORTAL = "".join(part.read_text() for part in PARTS)


def test_every_directory_mounted_is_made_in_the_image_for_the_ordinary_user():
    for service in OURS:
        for volume in SERVICES[service].get("volumes", []):
            assert volume.startswith("./") or volume.split(":")[1] in DOCKERFILE


def test_the_image_installs_the_same_hashed_lock_and_libraries_as_the_command():
    assert "--require-hashes -r requirements.txt" in DOCKERFILE
    assert "--require-hashes -r" in PORTAL
    libraries = re.search(r'PACKAGES_RUN="([^"]+)"', PORTAL).group(1).split()
    image = DOCKERFILE.rpartition("FROM ")[2]
    for library in libraries:
        assert library in image or library in {"python3-venv", "gettext", "nginx"}
    assert "USER portal-web" in DOCKERFILE


@pytest.mark.parametrize(
    "lock", ["requirements.txt", "requirements-test.txt", "requirements-sbom.txt"]
)
def test_every_package_is_pinned_by_hash_and_no_host_is_named(lock):
    text = (ROOT / lock).read_text()
    pinned = re.findall(r"^[a-z0-9][^\n]*==[^\n]*", text, re.MULTILINE | re.IGNORECASE)
    assert len(pinned) > 30
    assert "://" not in text
    for entry in re.split(r"\n(?=[a-z0-9])", text.strip()):
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_all_queues_are_worked_and_the_commands_agree():
    queues = {"worker": "default", "mailer": "mail", "signer": "ca"}
    assert set(work.AT_ONCE) == set(queues.values())
    for service, queue in queues.items():
        assert SERVICES[service]["command"] == f"python -m {work.__name__}"
        assert SERVICES[service]["environment"]["PORTAL_PROCESS"] == queue
    assert SERVICES["beat"]["command"].startswith(f"python -m {work.__name__} ")
    assert 'default | mail) start_python "$1" certportal.operations.work' in PORTAL
    assert "ca) with_ca_keys start_python ca certportal.operations.work" in PORTAL


def test_the_probe_asks_by_the_public_name(settings, monkeypatch, live_server):
    settings.ALLOWED_HOSTS = ["orders.example"]
    monkeypatch.setenv("PORTAL_BASE_URL", "http://orders.example:8000")
    probe.probe(f"{live_server.url}/livez")
    monkeypatch.setenv("PORTAL_BASE_URL", "http://elsewhere.example:8000")
    with pytest.raises(OSError, match="400"):
        probe.probe(f"{live_server.url}/livez")


def test_the_probe_looks_for_a_workers_sign_of_life(monkeypatch):
    monkeypatch.setenv("REDIS_URL", settings.REDIS_URL)
    store = health.store()
    store.delete(probe.heartbeat_of("ca"))
    with pytest.raises(OSError, match="no sign of life"):
        probe.probe_worker("ca")
    store.set(probe.heartbeat_of("ca"), "now", ex=5)
    probe.probe_worker("ca")
    monkeypatch.setenv("REDIS_URL", "unix:///nowhere/redis.sock")
    with pytest.raises(OSError, match="Redis does not answer"):
        probe.probe_worker("ca")


def test_the_probe_fails_when_nobody_answers():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(OSError):
            probe.probe(f"http://127.0.0.1:{unused.getsockname()[1]}/livez")
