"""Settings and secrets of the documents and of the code reach the containers that need them."""

import re

import pytest
import yaml

from certportal import env
from tests.packaging.files import ALL, MEASURED, OURS, ROOT, STORE

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


def test_the_checks_that_are_measured_read_the_settings_that_web_has():
    checks = (ROOT / "certportal/operations/health.py").read_text()
    read = set(re.findall(r"\bsettings\.([A-Z_]+)", checks))
    given = MEASURED["services"]["metrics"]["environment"]
    assert "APPROVERS_PROVE" in read
    of_web = set(ALL["web"]["environment"])
    assert sorted(read & of_web - set(given)) == []
    # The source of the register, and from when on its rows are too old.
    not_given = {name for name in of_web - set(given) if name.startswith("REGISTER_")}
    assert not_given == {"REGISTER_MAX_ENDED_PERCENT"}


def test_each_setting_that_compose_asks_for_stands_in_the_example():
    kinds = ("", ".metrics", ".hsm", ".journal-copy", ".anchors", ".store")
    files = [f"docker-compose{kind}.yml" for kind in kinds]
    text = "".join((ROOT / file).read_text() for file in files)
    asked = set(re.findall(r"(?<!\$)\$\{([A-Z0-9_]+)", text))
    example = (ROOT / "deploy/env.example").read_text()
    assert sorted(name for name in asked if f"{name}=" not in example) == []


# Production has no use for these, or somebody else sets them: a test's faults and haste, the
# directories of the image, and what gunicorn and Celery make for their own processes.
NEVER_GIVEN = {
    *("FAULT_POINTS_DIR", "OUTBOX_LEASE_SECONDS", "OUTBOX_SWEEP_SECONDS"),
    *("PORTAL_DATA", "STATIC_ROOT", "PROMETHEUS_MULTIPROC_DIR", "CELERY_SKIP_CHECKS"),
}
READ = re.compile(
    r'(?:env\.(?:text|flag|number|whole|secret|choice|table|key_pairs)|os\.environ\.get|os\.getenv)\(\s*("[A-Z][^)]*)'
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


def test_settings_of_postgresql_in_the_address_are_added_to_the_limits_of_the_process():
    url = "postgres:///portal?options=-c%20lock_timeout%3D1s&connect_timeout=5"
    options = env.database(url, "web")["OPTIONS"]
    for setting in ("statement_timeout=10s", "jit=off", "lock_timeout=1s"):
        assert f"-c {setting}" in options["options"]
    assert options["connect_timeout"] == "5"


def test_both_ends_of_a_database_connection_give_up_a_machine_that_has_disappeared():
    for process in ("web", "default", "mail", "ca", "metrics", "manage"):
        options = env.database("postgres:///portal", process)["OPTIONS"]
        for limit in ("user_timeout", "keepalives_idle", "keepalives_interval", "keepalives_count"):
            ours = options.get(limit) or options[f"tcp_{limit}"]
            assert f"-c tcp_{limit}={ours}" in options["options"]


def test_a_lock_holds_up_a_worker_for_a_while_and_a_migration_for_as_long_as_it_takes():
    limited = [
        process
        for process in ("web", "default", "mail", "ca", "manage")
        if "lock_timeout" in env.database("postgres:///portal", process)["OPTIONS"]["options"]
    ]
    assert limited == ["default", "mail"]


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
