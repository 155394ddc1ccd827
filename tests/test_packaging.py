"""The container files, as far as they can be judged without an engine: see tests/containers."""

import re
import socket
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from certportal.operations import health, probe
from issuance.publication.ask_worker import LONGEST_REQUEST

ROOT = Path(__file__).parent.parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
MEASURED = yaml.safe_load((ROOT / "docker-compose.metrics.yml").read_text())
STORE = yaml.safe_load((ROOT / "docker-compose.store.yml").read_text())
NODE = yaml.safe_load((ROOT / "docker-compose.node.yml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
STATUS = (ROOT / "certportal/operations/proxy/shared/status.conf").read_text()
PARTS = [ROOT / "portal", *ROOT.glob("certportal/shell/*.sh")]
PORTAL = "".join(part.read_text() for part in PARTS)
ALL = COMPOSE["services"]
SERVICES = {name: service for name, service in ALL.items() if "profiles" not in service}
OURS = ["web", "front", "worker", "mailer", "signer", "beat"]
ONCE = {"migrate": "10004", "ceremony": "10003", "backup": "10003", "restore": "10003"}
USERS = {"web": "10001", "worker": "10002", "signer": "10003", "beat": "10004", "front": "10006"}


def test_all_parts_of_the_service_are_there():
    assert set(SERVICES) == {*OURS, "proxy", "migrate", "postgres", "redis"}
    assert set(ALL) - set(SERVICES) == {"ceremony", "backup", "restore"}


@pytest.mark.parametrize("name", SERVICES)
def test_each_runs_as_an_ordinary_user_and_tells_its_health(name):
    assert SERVICES[name]["user"].split(":")[0] not in {"0", "root"}
    assert name in ONCE or SERVICES[name]["healthcheck"]["test"]


def test_each_process_has_a_user_of_its_own_that_the_image_knows():
    users = {name: SERVICES[name]["user"].split(":")[0] for name in OURS}
    # Both workers make papers: one user, in two containers.
    assert users == {**USERS, "mailer": USERS["worker"]}
    assert {SERVICES[name]["user"].split(":")[1] for name in OURS} == {"10000"}
    for name, uid in USERS.items():
        assert f"{name}:{uid}" in DOCKERFILE
    assert "groupadd --system --gid 10000 portal" in DOCKERFILE
    # Who writes keys and who reads the journal besides; neither runs but when asked.
    assert {name: ALL[name]["user"].split(":")[0] for name in ONCE} == ONCE
    assert SERVICES["proxy"]["user"].split(":")[0] == "10005"
    assert "--uid 10005 portal-proxy" in DOCKERFILE


def made_for(place):
    """Return owner, group and mode with which the image makes the directory."""
    for command in re.findall(r"install -d [^&]+", DOCKERFILE.replace("\\\n", " ")):
        words = command.split()
        if place in words:
            return tuple(words[words.index(option) + 1] for option in ("-o", "-g", "-m"))
    raise AssertionError(place)


def test_keys_and_journal_are_for_the_signers_user_alone():
    for place in ("/var/lib/ca-keys", "/var/lib/portal/journal", "/backups"):
        assert made_for(place) == ("portal-signer", "portal", "700")
    for place in ("crl", "ocsp", "ca"):  # web reads what the signer writes
        assert made_for(f"/var/lib/portal/{place}") == ("portal-signer", "portal", "2750")
    # Both store and erase: a file's directory must be the group's.
    assert made_for("/var/lib/portal/attachments") == ("portal-web", "portal", "2770")


def test_each_process_is_given_the_secrets_it_works_with():
    given = {name: set(ALL[name].get("secrets", [])) for name in ALL}
    everybody = {"database_url", "redis_url"}
    assert given == {
        "proxy": set(),
        "migrate": everybody,
        "front": {"redis_url"},
        "web": everybody
        | {"secret_key", "secret_key_fallbacks", "identity_keys", "oidc_client_secret"}
        | {"mandates_api_key", "mandates_oauth_secret"},
        "worker": everybody | {"secret_key", "secret_key_fallbacks"},
        "mailer": everybody | {"secret_key", "secret_key_fallbacks", "smtp_url"},
        "signer": everybody | {"ca_password"},
        "ceremony": everybody | {"ca_password"},
        "backup": everybody,
        "restore": everybody,
        "beat": {"redis_url"},
        "postgres": {"postgres_password"},
        "redis": {"redis_password"},
    }
    for name, service in ALL.items():
        files = {value for key, value in service.get("environment", {}).items() if "_FILE" in key}
        named = {value.removeprefix("/run/secrets/") for value in files if value.startswith("/run")}
        assert named <= given[name], name


def test_only_the_worker_of_mails_is_told_of_the_mail_server():
    told = [name for name in ALL if "SMTP_URL" in str(ALL[name].get("environment", {}))]
    assert told == ["mailer"]


def test_database_broker_and_keys_are_reached_from_a_network_that_leads_nowhere_else():
    joined = {name: set(service["networks"]) for name, service in ALL.items()}
    networks = COMPOSE["networks"]
    assert networks["back"] == {"internal": True}
    assert networks["inside"]["internal"]
    for name in (*ONCE, "postgres", "redis", "signer", "beat"):
        assert joined[name] == {"back"}, name
    # The proxy meets what it asks, and only web believes what it says of visitors.
    assert [name for name in joined if "inside" in joined[name]] == ["proxy", "web", "front"]
    assert joined["front"] == {"inside", "back"}
    assert joined["proxy"] == {"public", "inside"}
    assert joined["web"] == {"inside", "out", "back"}
    assert joined["worker"] == joined["mailer"] == {"out", "back"}
    (subnet,) = networks["inside"]["ipam"]["config"]
    assert SERVICES["web"]["environment"]["TRUSTED_PROXIES"] == subnet["subnet"]
    assert [name for name in ALL if ALL[name].get("ports")] == ["proxy"]


def test_the_proxy_lets_pass_what_the_responder_reads():
    sizes = re.findall(r"client_max_body_size (\d+)k;", STATUS)
    assert len(sizes) == 2
    assert all(int(size) * 1024 >= LONGEST_REQUEST for size in sizes)


def test_backup_and_restore_start_the_database_and_nothing_else():
    for name in ("ceremony", "backup", "restore", "migrate"):
        assert set(ALL[name]["depends_on"]) == {"postgres"}, name
    assert ALL["restore"]["volumes"] == ALL["backup"]["volumes"]
    steps = ALL["restore"]["entrypoint"][2].split("&&")
    assert [step.split()[2] for step in steps] == [
        "restore",
        "migrate",
        "restore_events",
        "lift_order_numbers",
        "reconcile",
    ]


# Given by the image or the engine, or none of production's.
NOT_IN_COMPOSE = {
    *("PORTAL_DATA", "PORTAL_PROCESS", "STATIC_ROOT", "CA_PKCS11_MODULE", "CA_PKCS11_TOKEN"),
    *("CA_PKCS11_PIN_FILE", "FRONT_PORT", "METRICS_PORT", "METRICS_ADDRESS"),
    "JOURNAL_COPY",
}


def settings_in(text):
    """Return the names of the variables in the first column of the tables of a page."""
    rows = re.findall(r"^\| (`[A-Z][^|]*) \|", text, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([A-Z][A-Z0-9_]+)`", row)}


def test_every_setting_of_the_docs_reaches_the_containers():
    pages = ["README.md", "docs/identification.md"]
    told = {name for page in pages for name in settings_in((ROOT / page).read_text())}
    services = [*ALL.values(), *STORE["services"].values()]
    given = {name for service in services for name in service.get("environment", {})}
    given |= {name.removesuffix("_FILE") for name in given if name.endswith("_FILE")}
    assert len(told) > 30
    assert (
        sorted(
            {one for one in told if one not in given and f"{one}_FILE" not in given}
            - NOT_IN_COMPOSE
        )
        == []
    )


def test_each_setting_that_compose_asks_for_stands_in_the_example():
    kinds = ("", ".metrics", ".journal-copy", ".store")
    files = [f"docker-compose{kind}.yml" for kind in kinds]
    text = "".join((ROOT / file).read_text() for file in files)
    asked = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", text))
    example = (ROOT / "deploy/env.example").read_text()
    assert sorted(name for name in asked if f"{name}=" not in example) == []


# Production has no use for these, or somebody else sets them: a test's faults and haste, the
# directories of the image, and what gunicorn makes for its own processes.
NEVER_GIVEN = {
    *("FAULT_POINTS_DIR", "OUTBOX_LEASE_SECONDS", "OUTBOX_SWEEP_SECONDS"),
    *("PORTAL_DATA", "STATIC_ROOT", "PROMETHEUS_MULTIPROC_DIR"),
}
READ = re.compile(
    r'(?:env\.(?:text|flag|secret|choice|table|key_pairs)|os\.environ\.get|os\.getenv)\(\s*("[A-Z][^)]*)'
    r'|os\.environ\[("[A-Z_]+")'
)


def read_by_the_code():
    """Return the names of the environment's variables that the service reads."""
    apps = ("certportal", "accounts", "applications", "issuance")
    files = [
        ROOT / "gunicorn.conf.py",
        *(one for app in apps for one in (ROOT / app).rglob("*.py")),
    ]
    found = [match for one in files for match in READ.findall(one.read_text())]
    return {
        name for match in found for name in re.findall(r'"([A-Z][A-Z0-9_]{3,})"', "".join(match))
    }


def test_every_setting_that_the_code_reads_reaches_a_container():
    more = ("metrics", "hsm", "journal-copy", "store")
    services = [
        service
        for file in ("docker-compose.yml", *(f"docker-compose.{one}.yml" for one in more))
        for service in yaml.safe_load((ROOT / file).read_text())["services"].values()
    ]
    given = {name for service in services for name in service.get("environment", {})}
    read = read_by_the_code()
    assert len(read) > 50
    reached = {name for name in read if name in given or f"{name}_FILE" in given}
    assert (sorted(read - reached), sorted(reached & NEVER_GIVEN)) == (sorted(NEVER_GIVEN), [])


def test_every_secret_that_the_settings_read_comes_in_a_file():
    source = (ROOT / "certportal/settings.py").read_text()
    secrets = set(re.findall(r'env\.secret\("([A-Z_]+)"', source))
    services = [*ALL.values(), *STORE["services"].values()]
    given = {name for service in services for name in service.get("environment", {})}
    assert len(secrets) > 5
    assert sorted(name for name in secrets if f"{name}_FILE" not in given) == []
    assert sorted(secrets & given) == []


@pytest.mark.parametrize("kind", ["OIDC", "SAML"])
def test_each_setting_of_identification_reaches_web_alone(kind):
    source = (ROOT / "certportal/settings.py").read_text()
    read = set(re.findall(rf'"({kind}_[A-Z_]+)"', source))
    given = {
        name: {key.removesuffix("_FILE") for key in ALL[name]["environment"] if key[:4] == kind}
        for name in OURS
    }
    assert given.pop("web") == {key.removesuffix("_FILE") for key in read}
    assert set().union(*given.values()) == set()


def test_redis_wants_a_password_that_no_command_line_shows():
    redis = SERVICES["redis"]
    assert "requirepass" in str(redis["command"])
    assert "--requirepass" not in str(redis["command"])
    assert "/run/secrets/redis_password" in str(redis["command"])
    assert "redis://" not in str(ALL)


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
    keys = "./secrets/ca-keys:/var/lib/ca-keys"
    assert [name for name in ALL if keys in ALL[name].get("volumes", [])] == ["ceremony"]
    assert ALL["ceremony"]["profiles"] == ["ceremony"]
    assert f"{keys}:ro" in SERVICES["signer"]["volumes"]


def test_a_token_is_for_the_signer_and_ceremonies_and_changes_nothing_of_the_others():
    token = yaml.safe_load((ROOT / "docker-compose.hsm.yml").read_text())
    assert set(token["services"]) == {"signer", "ceremony"}
    for service in token["services"].values():
        assert service["environment"]["CA_PKCS11_PIN_FILE"] == "/run/secrets/token_pin"
        assert all(volume.endswith(":ro") for volume in service["volumes"])


def test_the_second_place_of_the_journal_is_the_signers_and_the_take_overs():
    copied = yaml.safe_load((ROOT / "docker-compose.journal-copy.yml").read_text())["services"]
    assert set(copied) == {"signer", "ceremony"}
    for service in copied.values():
        where = service["environment"]["JOURNAL_COPY"]
        assert [volume.endswith(f"}}:{where}") for volume in service["volumes"]] == [True]
        assert not any(volume.endswith(where) for volume in SERVICES["signer"]["volumes"])


def test_metrics_are_reached_from_a_network_of_their_own_that_the_proxy_is_not_in():
    assert set(MEASURED["services"]) == {"web", "metrics"}
    web, metrics = MEASURED["services"]["web"], MEASURED["services"]["metrics"]
    assert set(web) == {"environment", "networks"} and web["networks"] == ["measures"]
    assert set(metrics["networks"]) == {"measures", "back"}
    assert MEASURED["networks"]["measures"]["internal"]
    (subnet,) = MEASURED["networks"]["measures"]["ipam"]["config"]
    assert web["environment"]["METRICS_ADDRESS"] == subnet["subnet"]
    assert not any(service.get("ports") for service in MEASURED["services"].values())
    assert "measures" not in SERVICES["proxy"]["networks"]
    assert "METRICS_PORT" not in str(COMPOSE)  # without the second file nobody listens


def test_the_process_of_metrics_may_read_and_nothing_else():
    metrics = MEASURED["services"]["metrics"]
    assert metrics["secrets"] == ["database_url", "redis_url"]
    assert metrics["environment"]["PORTAL_PROCESS"] == "metrics"
    assert all(volume.endswith(":ro") for volume in metrics["volumes"])
    assert metrics["read_only"] and metrics["cap_drop"] == ["ALL"]
    assert metrics["security_opt"] == SERVICES["beat"]["security_opt"]
    assert metrics["user"] == SERVICES["beat"]["user"] and "ports" not in metrics


def test_who_reaches_the_shared_store_has_a_key_of_its_own_and_the_signer_has_none():
    store = STORE["services"]
    keys = {name: service["secrets"] for name, service in store.items()}
    asking, keeping = ("web", "worker", "mailer"), ("store", "backup", "restore")
    assert set(keys) == {*asking, *keeping}
    assert all(keys[name] == ["store_key"] for name in asking)
    assert all(keys[name] == ["store_keeper_key"] for name in keeping)
    for name, service in store.items():
        file = f"/run/secrets/{keys[name][0]}"
        assert service["environment"]["STORE_KEY_FILE"] == file, name
    assert {one["file"] for one in STORE["secrets"].values()} == {
        "./secrets/store_key",
        "./secrets/store_keeper_key",
    }
    prepare = (ROOT / "deploy/prepare").read_text()
    assert "secret store_key 0 $portal" in prepare
    assert "secret store_keeper_key $signer 0" in prepare
    assert "STORE_URL" not in str(COMPOSE)  # without the second file files lie here


def test_what_carries_published_files_knows_nothing_else():
    store = STORE["services"]["store"]
    assert store["environment"]["PORTAL_PROCESS"] == "store"
    assert "DATABASE" not in str(store) and "REDIS" not in str(store)
    assert "journal" not in str(store["volumes"]) and "ca-keys" not in str(store["volumes"])
    assert store["networks"] == ["out"] and "ports" not in store
    assert store["read_only"] and store["cap_drop"] == ["ALL"]
    assert store["security_opt"] == SERVICES["beat"]["security_opt"]
    assert store["user"] == SERVICES["signer"]["user"]
    written = [one for one in store["volumes"] if not one.endswith(":ro")]
    assert written == ["store:/var/lib/portal/store"]  # beside the signer it only reads
    assert made_for("/var/lib/portal/store") == ("portal-signer", "portal", "2750")


def test_a_further_machine_has_neither_signer_nor_clock_and_fetches_what_front_serves():
    node = NODE["services"]
    absent = {name for name, one in node.items() if one.get("profiles") == ["elsewhere"]}
    assert absent == {"migrate", "signer", "beat"}
    for name in ("web", "worker", "mailer"):
        assert not node[name]["depends_on"]["migrate"]["required"]
    assert not MEASURED["services"]["metrics"]["depends_on"]["migrate"]["required"]
    assert node["store"]["command"].split()[-1] == "fetch_files"
    served = {one.split(":")[0] for one in SERVICES["front"]["volumes"]} - {"./config"}
    assert {one.split(":")[0] for one in node["store"]["volumes"]} == served


def test_the_signer_shares_no_writable_volume_with_those_who_read_uploads():
    def written(name):
        return {one.split(":")[0] for one in ALL[name].get("volumes", []) if one[-3:] != ":ro"}

    for name in ("web", "front", "worker", "mailer", "beat"):
        assert not written(name) & (written("signer") | written("ceremony")), name
    journal = [name for name in ALL if "journal:" in str(ALL[name].get("volumes"))]
    assert journal == ["signer", "ceremony", "backup", "restore"]


def test_backups_are_made_without_keys_and_only_when_asked():
    assert ALL["backup"]["profiles"] == ["backup"]
    assert "ca_password" not in ALL["backup"]["secrets"]
    assert "ca-keys" not in str(ALL["backup"]["volumes"])


def test_every_directory_mounted_is_made_in_the_image_for_the_ordinary_user():
    for service in OURS:
        for volume in SERVICES[service].get("volumes", []):
            assert volume.startswith("./") or volume.split(":")[1] in DOCKERFILE


def test_no_secret_stands_in_the_environment():
    for service in ALL.values():
        for name, value in service.get("environment", {}).items():
            words = ("SECRET", "PASSWORD", "KEYS_FILE", "DATABASE", "REDIS", "SMTP")
            secret = any(word in name for word in words)
            is_path = name.endswith("_FILE") and value.startswith("${")  # the operator names it
            assert not secret or not value or value.startswith("/run/secrets/") or is_path, name


@pytest.mark.parametrize("name", ALL)
def test_none_can_write_their_image_or_gain_rights(name):
    service = ALL[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize(
    ("name", "process"),
    [
        ("web", "web"),
        ("front", "front"),
        ("worker", "default"),
        ("mailer", "mail"),
        ("signer", "ca"),
        ("beat", "beat"),
    ],
)
def test_each_process_says_which_it_is(name, process):
    assert SERVICES[name]["environment"]["PORTAL_PROCESS"] == process


def test_every_secret_and_volume_named_is_declared():
    for service in ALL.values():
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
        named = {volume.split(":")[0] for volume in service.get("volumes", [])}
        assert {one for one in named if not one.startswith("./")} <= set(COMPOSE["volumes"])


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
    for queue in ("default", "mail", "ca"):
        assert f"start_worker {queue}" in PORTAL
    assert "-Q default" in SERVICES["worker"]["command"]
    assert "-Q mail" in SERVICES["mailer"]["command"]
    assert "-Q ca" in SERVICES["signer"]["command"]


def test_the_probe_asks_by_the_public_name(settings, monkeypatch, live_server):
    settings.ALLOWED_HOSTS = ["orders.example"]
    monkeypatch.setenv("PORTAL_BASE_URL", "http://orders.example:8000")
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
