"""The container files: no engine runs on the build machines, so their structure is checked."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
PORTAL = "".join(part.read_text() for part in [ROOT / "portal", *ROOT.glob("portal.d/*.sh")])
SERVICES = COMPOSE["services"]
OURS = ["web", "worker", "signer", "beat"]


def test_all_parts_of_the_service_are_there():
    assert set(SERVICES) == {*OURS, "postgres", "redis", "mail"}


@pytest.mark.parametrize("name", SERVICES)
def test_each_runs_as_an_ordinary_user_and_tells_its_health(name):
    assert SERVICES[name]["user"] not in {"0", "root"}
    assert SERVICES[name]["healthcheck"]["test"]


def test_only_the_signer_gets_the_keys_and_their_password():
    for name in OURS:
        service = SERVICES[name]
        has = {
            "settings": any(key.startswith("CA_KEY") for key in service["environment"]),
            "password": "ca_password" in service["secrets"],
            "keys": any("ca-keys" in volume for volume in service.get("volumes", [])),
        }
        assert set(has.values()) == {name == "signer"}, name


@pytest.mark.parametrize(
    ("name", "process"), [("web", "web"), ("worker", "default"), ("signer", "ca"), ("beat", "beat")]
)
def test_each_process_says_which_it_is(name, process):
    assert SERVICES[name]["environment"]["PORTAL_PROCESS"] == process


def test_every_secret_and_volume_named_is_declared():
    for service in SERVICES.values():
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
        named = {volume.split(":")[0] for volume in service.get("volumes", [])}
        assert named <= set(COMPOSE["volumes"])


def test_the_image_installs_the_same_hashed_lock_and_libraries_as_the_command():
    assert "--require-hashes -r requirements.txt" in DOCKERFILE
    assert "--require-hashes -r" in PORTAL
    libraries = re.search(r'PACKAGES_RUN="([^"]+)"', PORTAL).group(1).split()
    for library in libraries:
        assert library in DOCKERFILE or library == "python3-venv"
    assert "USER portal" in DOCKERFILE
    assert "/livez" in DOCKERFILE


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-test.txt"])
def test_every_package_is_pinned_by_hash_and_no_host_is_named(lock):
    text = (ROOT / lock).read_text()
    pinned = re.findall(r"^[a-z0-9][^\n]*==[^\n]*", text, re.MULTILINE | re.IGNORECASE)
    assert len(pinned) > 40
    assert "://" not in text
    for entry in re.split(r"\n(?=[a-z0-9])", text.strip()):
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_both_queues_are_worked_and_the_commands_agree():
    for queue in ("default", "ca"):
        assert f"start_worker {queue}" in PORTAL
    assert "-Q default" in SERVICES["worker"]["command"]
    assert "-Q ca" in SERVICES["signer"]["command"]
