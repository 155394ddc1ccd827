"""The files that add to docker-compose.yml: metrics, token, second place, store, machines."""

import os
import re
import subprocess

import pytest
import yaml

from tests.packaging.files import COMPOSE, MEASURED, NODE, ROOT, SERVICES, STORE, made_for


def test_a_token_is_for_the_signer_and_ceremonies_and_changes_nothing_of_the_others():
    token = yaml.safe_load((ROOT / "docker-compose.hsm.yml").read_text())
    assert set(token["services"]) == {"signer", "ceremony"}
    for service in token["services"].values():
        assert service["environment"]["CA_PKCS11_PIN_FILE"] == "/run/secrets/token_pin"
        assert all(volume.endswith(":ro") for volume in service["volumes"])
        assert service["networks"] == ["token"]
        assert service["env_file"] == [{"path": "./config/token.env", "required": False}]
    # The signer has no way out, unless the token is in the network and the operator says so.
    assert token["networks"] == {"token": {"internal": "${CA_PKCS11_INTERNAL:-true}"}}


@pytest.mark.parametrize(
    ("file", "setting", "others"),
    [("journal-copy", "JOURNAL_COPY", {"restore"}), ("anchors", "EVENT_LOG_ANCHORS", set())],
)
def test_a_place_on_another_machine_is_the_signers_and_the_ceremonies(file, setting, others):
    copied = yaml.safe_load((ROOT / f"docker-compose.{file}.yml").read_text())["services"]
    assert set(copied) == {"signer", "ceremony"} | others
    for service in copied.values():
        where = service["environment"][setting]
        assert [volume.endswith(f"}}:{where}") for volume in service["volumes"]] == [True]
        assert not any(volume.endswith(where) for volume in SERVICES["signer"]["volumes"])


def test_no_secret_is_half_made_when_the_disk_is_full(tmp_path):
    """What exists is kept: Redis and PostgreSQL would get an empty password."""
    (tmp_path / "as-root").mkdir()
    for name, does in (("id", "echo 0"), ("chown", ":")):
        (tmp_path / "as-root" / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / "as-root" / name).chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path / 'as-root'}:{os.environ['PATH']}"}
    prepare = f"{ROOT}/deploy/prepare {tmp_path}"
    for limit, is_done in (("ulimit -f 0; ", False), ("", True)):
        done = subprocess.run(["bash", "-c", limit + prepare], env=environment, cwd=tmp_path)
        assert (done.returncode == 0) is is_done
    found = [path for path in (tmp_path / "secrets").iterdir() if path.is_file()]
    made = {path.name: path.read_text() for path in found}
    empty = {name for name, content in made.items() if not content}
    assert empty == {
        "secret_key_fallbacks",
        "oidc_client_secret",
        "mandates_api_key",
        "mandates_oauth_secret",
        "smtp_url",
        "token_pin",
        "store_key",
        "store_keeper_key",
    }
    account = made["database_url_web"]
    assert re.fullmatch(r"postgres://portal_web:[0-9a-f]{64}@postgres/portal\n?", account)


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
    assert metrics["secrets"] == ["database_url_metrics", "redis_url"]
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
    assert absent == {"signer", "beat"}
    assert node["migrate"]["command"] == "true"
    assert node["store"]["command"].split()[-1] == "fetch_files"
    served = {one.split(":")[0] for one in SERVICES["front"]["volumes"]} - {"./config"}
    assert {one.split(":")[0] for one in node["store"]["volumes"]} == served


def test_no_step_of_an_upgrade_makes_a_container_that_a_later_one_replaces():
    """To compose a container that was started without what it depends on is another one."""
    steps = (ROOT / "docs/operations.md").read_text().split("## Upgrade")[1].splitlines()
    started = [line for line in steps if line.startswith("       ") and "compose up" in line]
    assert len(started) == 3
    assert not [line for line in started if "--no-deps" in line]
