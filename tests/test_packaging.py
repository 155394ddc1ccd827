"""The container files: no engine runs on the build machines, so their structure is checked."""

import re
import socket
from pathlib import Path

import pytest
import yaml

from certportal import probe

ROOT = Path(__file__).parent.parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
PARTS = [ROOT / "portal", *ROOT.glob("certportal/shell/*.sh")]
PORTAL = "".join(part.read_text() for part in PARTS)
ALL = COMPOSE["services"]
SERVICES = {name: service for name, service in ALL.items() if "profiles" not in service}
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


def test_keys_are_written_by_the_ceremony_alone_and_it_runs_only_when_asked():
    writers = [name for name in ALL if "ca-keys:/var/lib/ca-keys" in ALL[name].get("volumes", [])]
    assert writers == ["ceremony"]
    assert ALL["ceremony"]["profiles"] == ["ceremony"]
    assert "ca-keys:/var/lib/ca-keys:ro" in SERVICES["signer"]["volumes"]


def test_a_token_is_for_the_signer_and_ceremonies_and_changes_nothing_of_the_others():
    token = yaml.safe_load((ROOT / "docker-compose.hsm.yml").read_text())
    assert set(token["services"]) == {"signer", "ceremony"}
    for service in token["services"].values():
        assert service["environment"]["CA_PKCS11_PIN_FILE"] == "/run/secrets/token_pin"
        assert all(volume.endswith(":ro") for volume in service["volumes"])


def test_the_signer_shares_no_writable_volume_with_those_who_read_uploads():
    def written(name):
        return {one.split(":")[0] for one in ALL[name].get("volumes", []) if one[-3:] != ":ro"}

    for name in ("web", "worker", "beat"):
        assert not written(name) & (written("signer") | written("ceremony")), name
    journal = [name for name in ALL if "journal:" in str(ALL[name].get("volumes"))]
    assert journal == ["signer", "ceremony", "backup"]


def test_backups_are_made_without_keys_and_only_when_asked():
    assert ALL["backup"]["profiles"] == ["backup"]
    assert "ca_password" not in ALL["backup"]["secrets"]
    assert "ca-keys" not in str(ALL["backup"]["volumes"])


def test_every_directory_mounted_is_made_in_the_image_for_the_ordinary_user():
    for service in OURS:
        for volume in SERVICES[service].get("volumes", []):
            assert volume.split(":")[1] in DOCKERFILE


def test_no_secret_stands_in_the_environment():
    for service in ALL.values():
        for name, value in service.get("environment", {}).items():
            secret = any(word in name for word in ("SECRET", "PASSWORD", "KEYS_FILE", "DATABASE"))
            assert not secret or value.startswith("/run/secrets/"), name


@pytest.mark.parametrize("name", OURS)
def test_ours_cannot_write_their_image_or_gain_rights(name):
    service = ALL[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize(
    ("name", "process"), [("web", "web"), ("worker", "default"), ("signer", "ca"), ("beat", "beat")]
)
def test_each_process_says_which_it_is(name, process):
    assert SERVICES[name]["environment"]["PORTAL_PROCESS"] == process


def test_every_secret_and_volume_named_is_declared():
    for service in ALL.values():
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
    assert "certportal.probe" in DOCKERFILE


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


def test_the_probe_asks_by_the_public_name(settings, monkeypatch, live_server):
    settings.ALLOWED_HOSTS = ["orders.example"]
    monkeypatch.setenv("PORTAL_BASE_URL", "http://orders.example:8000")
    probe.probe(f"{live_server.url}/livez")


def test_the_probe_fails_when_nobody_answers():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(OSError):
            probe.probe(f"http://127.0.0.1:{unused.getsockname()[1]}/livez")
