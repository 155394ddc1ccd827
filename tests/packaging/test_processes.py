"""What each container may do and reach: users, secrets, networks, volumes, rights."""

import re

import pytest

from issuance.publication.ask_worker import LONGEST_REQUEST
from tests.packaging.files import ALL, COMPOSE, DOCKERFILE, ONCE, OURS, ROOT, SERVICES, made_for

SHARED = ROOT / "certportal/operations/proxy/shared"
STATUS, HTTP = (SHARED / "status.conf").read_text(), (SHARED / "http.conf").read_text()
USERS = {"web": "10001", "worker": "10002", "signer": "10003", "beat": "10004", "front": "10006"}


def test_all_parts_of_the_service_are_there():
    assert set(SERVICES) == {*OURS, "proxy", "migrate", "postgres", "redis"}
    assert set(ALL) - set(SERVICES) == {"ceremony", "backup", "restore"}


@pytest.mark.parametrize("name", SERVICES)
def test_each_runs_as_an_ordinary_user_and_tells_its_health(name):
    assert SERVICES[name]["user"].split(":")[0] not in {"0", "root"}
    assert name in ONCE or SERVICES[name]["healthcheck"]["test"]


def test_a_worker_or_beat_that_hangs_is_told_by_its_missing_heartbeat():
    processes = {"worker": "default", "mailer": "mail", "signer": "ca", "beat": "beat"}
    for name, process in processes.items():
        assert SERVICES[name]["environment"]["PORTAL_PROCESS"] == process
        asked = SERVICES[name]["healthcheck"]["test"][-1]
        assert asked == "python -m certportal.operations.probe $${PORTAL_PROCESS}", name


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


def test_keys_and_journal_are_for_the_signers_user_alone():
    for place in ("/var/lib/ca-keys", "/var/lib/portal/journal", "/backups"):
        assert made_for(place) == ("portal-signer", "portal", "700")
    for place in ("crl", "ocsp", "ca"):  # web reads what the signer writes
        assert made_for(f"/var/lib/portal/{place}") == ("portal-signer", "portal", "2750")
    # Both store and erase: a file's directory must be the group's.
    assert made_for("/var/lib/portal/attachments") == ("portal-web", "portal", "2770")


def test_each_process_is_given_the_secrets_it_works_with():
    given = {name: set(ALL[name].get("secrets", [])) for name in ALL}
    people = {"secret_key", "secret_key_fallbacks", "redis_url"}
    ca, owner = {"database_url_ca", "redis_url"}, {"database_url", "redis_url"}
    assert given == {
        "proxy": set(),
        "migrate": owner | {f"database_url_{kind}" for kind in ("web", "worker", "ca", "metrics")},
        "front": {"redis_url"},
        "web": people
        | {"database_url_web", "identity_keys", "oidc_client_secret"}
        | {"mandates_api_key", "mandates_oauth_secret"},
        "worker": people | {"database_url_worker"},
        "mailer": people | {"database_url_worker", "smtp_url"},
        "signer": ca | {"ca_password"},
        "ceremony": ca | {"ca_password"},
        "backup": owner,
        "restore": owner,
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
    assert joined["mailer"] == {"out", "back"}
    # The worker reads the proxy's certificate, at the address that it has for visitors.
    assert joined["worker"] == {"out", "back", "public"}
    assert [name for name in joined if "public" in joined[name]] == ["proxy", "worker"]
    (subnet,) = networks["inside"]["ipam"]["config"]
    assert SERVICES["web"]["environment"]["TRUSTED_PROXIES"] == subnet["subnet"]
    assert [name for name in ALL if ALL[name].get("ports")] == ["proxy"]


def test_the_proxy_lets_pass_what_the_responder_reads():
    sizes = re.findall(r"client_max_body_size (\d+)k;", STATUS)
    assert len(sizes) == 2
    assert all(int(size) * 1024 >= LONGEST_REQUEST for size in sizes)


def test_the_bodies_of_requests_take_no_room_from_the_cache_of_revocation_status():
    rooms = [room.partition(":")[0] for room in SERVICES["proxy"]["tmpfs"]]
    assert rooms == ["/tmp", "/tmp/cache"]
    assert '"-p", "/tmp/"' in DOCKERFILE
    assert "proxy_cache_path cache " in HTTP and "client_body_temp_path bodies;" in HTTP


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


def test_a_new_volume_of_documents_is_filled_from_the_image_by_one_container_before_the_others():
    mounted = {
        name: volume.split(":")[2:]
        for name, service in SERVICES.items()
        for volume in service.get("volumes", [])
        if volume.startswith("data:")
    }
    assert mounted.pop("migrate") == ["ro"]
    assert mounted == {"web": ["nocopy"], "worker": ["nocopy"], "mailer": ["nocopy"]}
    assert all("migrate" in SERVICES[name]["depends_on"] for name in mounted)


def test_postgresql_keeps_the_memory_of_a_statement_here_and_in_its_container() -> None:
    """`docs/performance.md`: glibc would have it cleared anew each time."""
    here = re.findall(r"(MALLOC_\w+)=(\d+)", (ROOT / "certportal/shell/services.sh").read_text())
    contained = SERVICES["postgres"]["environment"].items()
    assert dict(here) == {name: value for name, value in contained if name.startswith("MALLOC_")}
    assert set(dict(here)) == {"MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"}


def test_postgresql_writes_no_rows_into_its_log_here_and_in_its_container() -> None:
    here = re.findall(r"-c log_\w+=\w+", (ROOT / "certportal/shell/services.sh").read_text())
    assert " ".join(["postgres", *here]) == SERVICES["postgres"]["command"]
    assert set(here) == {"-c log_error_verbosity=terse", "-c log_min_error_statement=panic"}
