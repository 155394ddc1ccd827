import re
import textwrap
import tomllib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from pytest_django import Settings

from certportal.dev.builders import hierarchy, memory
from certportal.foundation import clock
from certportal.foundation.actors import system
from issuance import services, signers, system_checks
from issuance.certificate.profiles import PROFILES
from issuance.conf import Pki, demonstration_values, pki
from issuance.models import Certificate, IssuingCA
from issuance.services.ceremony.register_ca import register
from issuance.services.ceremony.root import certify
from issuance.signers import Signer
from tests.tables import rewrite, unkept

KEY_SETTINGS = [
    "CA_KEYS_DIR",
    "CA_KEY_PASSWORD_FILE",
    "CA_PKCS11_MODULE",
    "CA_PKCS11_TOKEN",
    "CA_PKCS11_PIN_FILE",
]


def found(deploy: bool = False, databases: list[str] | None = None) -> set[str]:
    tags = ["security", "database"] if databases else ["security"]
    messages = run_checks(tags=tags, include_deployment_checks=deploy, databases=databases)
    return {str(message.id) for message in messages if str(message.id).startswith("issuance.")}


@pytest.mark.parametrize("process", ["web", "front", "default", "beat"])
@pytest.mark.parametrize("name", KEY_SETTINGS)
def test_no_process_but_the_ca_worker_knows_the_keys(
    settings: Settings, process: str, name: str
) -> None:
    for each in KEY_SETTINGS:
        setattr(settings, each, "")
    settings.PORTAL_PROCESS = process
    assert found() == set()
    setattr(settings, name, "/keys")
    assert found() == {"issuance.E001"}


@pytest.mark.parametrize("process", ["ca", "manage"])
def test_the_ca_worker_and_ceremonies_do(settings: Settings, process: str) -> None:
    settings.PORTAL_PROCESS = process
    settings.CA_KEYS_DIR = settings.CA_KEY_PASSWORD_FILE = "/keys"
    assert found() == set()


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("http://pki.example.fi", False),
        ("https://pki.example.fi", True),
        ("http://localhost:8000", True),
    ],
)
def test_certificates_of_a_deployment_name_a_host_all_can_reach(
    settings: Settings, url: str, wrong: bool
) -> None:
    settings.PKI = {"PUBLIC_URL": url}
    settings.CA_KEYS_DIR = settings.CA_KEY_PASSWORD_FILE = ""
    assert ("issuance.E002" in found(deploy=True)) is wrong


def test_production_keys_are_not_in_files_unless_a_setting_says_so(settings: Settings) -> None:
    settings.PRODUCTION = True
    files = {"BACKEND": "issuance.signers.file.KeyFiles"}
    settings.ISSUANCE_SIGNER = files
    assert "issuance.E003" in found(deploy=True)
    settings.ISSUANCE_SIGNER = files | {"OPTIONS": {"production_keys_in_files": True}}
    assert "issuance.E003" not in found(deploy=True)
    settings.ISSUANCE_SIGNER = {"BACKEND": "certportal.dev.builders.memory.KeysInMemory"}
    assert "issuance.E003" not in found(deploy=True)


@pytest.fixture
def keys_visible(cas: dict[str, IssuingCA], settings: Settings) -> None:
    signers.forget()
    settings.PORTAL_PROCESS = "manage"
    settings.CA_KEYS_DIR = "/keys"


def test_every_key_fits_its_ca(keys_visible: None) -> None:
    assert "issuance.E004" not in found(deploy=True, databases=["default"])


def test_a_test_key_in_the_place_of_a_production_key_is_noticed(keys_visible: None) -> None:
    own = hierarchy.issuing(hierarchy.Place("production", "ec"))
    memory.put("sote-ec-1", hierarchy.issuing(hierarchy.Place("test", "ec")))
    assert "issuance.E004" in found(deploy=True, databases=["default"])
    memory.put("sote-ec-1", own)


def test_a_key_that_is_gone_is_noticed(keys_visible: None) -> None:
    own = hierarchy.issuing(hierarchy.Place("production", "ec"))
    memory.drop("sote-ec-1")
    assert "issuance.E004" in found(deploy=True, databases=["default"])
    memory.put("sote-ec-1", own)


def test_the_key_of_a_ca_nobody_needs_any_more_may_be_gone(
    keys_visible: None, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its last certificate has ended, and the list due after that is out: RFC 5280, 3.3."""
    own = hierarchy.issuing(hierarchy.Place("production", "ec"))
    IssuingCA.objects.filter(stem="sote-ec-1").update(state=IssuingCA.State.RETIRED)
    ended = certificate.not_after + timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: ended)
    memory.drop("sote-ec-1")
    signers.forget()
    assert "issuance.E004" in found(deploy=True, databases=["default"])
    memory.put("sote-ec-1", own)
    services.publish_crl(certificate.issuing_ca, now=ended)
    memory.drop("sote-ec-1")
    signers.forget()
    assert "issuance.E004" not in found(deploy=True, databases=["default"])
    memory.put("sote-ec-1", own)


def test_the_key_of_a_ca_at_its_end_may_be_gone(
    keys_visible: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = hierarchy.issuing(hierarchy.Place("production", "ec"))
    memory.drop("sote-ec-1")
    monkeypatch.setattr(clock, "now", lambda: hierarchy.END)
    assert "issuance.E004" in found(deploy=True, databases=["default"])
    monkeypatch.setattr(clock, "now", lambda: hierarchy.END + timedelta(seconds=1))
    assert "issuance.E004" not in found(deploy=True, databases=["default"])
    memory.put("sote-ec-1", own)


@pytest.mark.parametrize(("own", "entered"), [("test", "production"), ("production", "test")])
def test_a_ca_of_one_environment_entered_in_the_other_is_noticed(
    cas: dict[str, IssuingCA], own: str, entered: str
) -> None:
    assert "issuance.E007" not in found(deploy=True, databases=["default"])
    with unkept():
        IssuingCA.objects.filter(environment=entered, branch="ec").delete()
    rewrite(IssuingCA.objects.filter(environment=own, branch="ec"), environment=entered)
    assert "issuance.E007" in found(deploy=True, databases=["default"])


def test_policies_changed_around_in_the_settings_are_noticed(
    cas: dict[str, IssuingCA], settings: Settings
) -> None:
    oids = pki().policy_oids
    settings.PKI = {"POLICY_OIDS": {"production": oids["test"], "test": oids["production"]}}
    assert "issuance.E007" in found(deploy=True, databases=["default"])


def test_one_key_under_two_cas_is_noticed(cas: dict[str, IssuingCA]) -> None:
    place = hierarchy.Place("production", "ec", 2)
    own = hierarchy.issuing(hierarchy.Place("production", "ec"))
    root = hierarchy.root("production", "ec")
    public = own.private_key.public_key()
    chain = certify(place, public, root, now=hierarchy.START)
    twin = Signer(chain, own.private_key)
    register(place, twin, actor=system("test"), now=hierarchy.START)
    assert "issuance.E007" in found(deploy=True, databases=["default"])


def test_a_root_key_that_stayed_in_the_service_is_noticed(
    settings: Settings, tmp_path: Path
) -> None:
    settings.CA_KEYS_DIR = str(tmp_path)
    (tmp_path / "root-rsa-1.key").touch()
    assert "issuance.E005" not in found(deploy=True)
    settings.PRODUCTION = True
    assert "issuance.E005" in found(deploy=True)
    (tmp_path / "root-rsa-1.key").rename(tmp_path / "sote-rsa-1.key")
    assert "issuance.E005" not in found(deploy=True)


def test_a_journal_copied_to_its_own_disk_is_noticed(settings: Settings, tmp_path: Path) -> None:
    settings.PORTAL_DATA, settings.JOURNAL_COPY = tmp_path, str(tmp_path / "second")
    assert "issuance.E023" not in found(deploy=True), "nothing is there yet"
    for name in ("journal", "second"):
        (tmp_path / name).mkdir()
    assert "issuance.E023" in found(deploy=True)
    settings.JOURNAL_COPY = "/proc"  # another file system on every machine
    assert "issuance.E023" not in found(deploy=True)


def test_heads_that_cannot_be_written_are_noticed(settings: Settings, tmp_path: Path) -> None:
    """Otherwise the first night tells, and the auditors' anchors are missing."""
    settings.EVENT_LOG_ANCHORS = str(tmp_path / "anchors")
    assert "issuance.E025" in found(deploy=True)
    (tmp_path / "anchors").mkdir()
    assert "issuance.E025" not in found(deploy=True)
    settings.EVENT_LOG_ANCHORS = __file__
    assert "issuance.E025" in found(deploy=True)
    settings.EVENT_LOG_ANCHORS = ""
    assert "issuance.E025" not in found(deploy=True)


def test_the_example_of_the_ceremonies_page_is_refused_until_it_is_filled_in() -> None:
    """Whoever copies it as it stands would have its names in every certificate."""
    page = (Path(__file__).parents[2] / "docs" / "ceremony.md").read_text()
    example = re.search(r"^    prefix = .*?\n\n", page, re.MULTILINE | re.DOTALL)
    assert example
    written = tomllib.loads(textwrap.dedent(example[0]))
    refused = demonstration_values(Pki(public_url="http://pki.example.fi", **written))
    assert {name for name, _value in refused} == {
        *("prefix", "organisation", "policy_oids.production.rsa", "policy_oids.production.ec"),
        *("policy_oids.test.rsa", "policy_oids.test.ec"),
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"max_months": 13},
        {"environment": "test"},
        {"id": "test_server"},
        {"key_usage": {"rsa": frozenset({"crl_sign"})}},
    ],
)
def test_a_profile_beyond_its_ceiling_is_noticed_however_it_was_made(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> None:
    assert "issuance.E006" not in found(deploy=True)
    beyond = replace(PROFILES["server"], **changes)
    monkeypatch.setattr(system_checks, "PROFILES", {**PROFILES, "server": beyond})
    assert "issuance.E006" in found(deploy=True)


def test_what_runs_without_keys_says_nothing_of_where_they_are(settings: Settings) -> None:
    settings.PRODUCTION = True
    for each in KEY_SETTINGS:
        setattr(settings, each, "")
    for process in ("web", "front", "default", "beat"):
        settings.PORTAL_PROCESS = process
        assert "issuance.E003" not in found(deploy=True)


def test_check_deploy_refuses_as_a_command(
    cas: dict[str, IssuingCA], settings: Settings, tmp_path: Path
) -> None:
    settings.PRODUCTION = True
    settings.CA_KEYS_DIR = str(tmp_path)
    (tmp_path / "root-ec-1.key").touch()
    with unkept():
        IssuingCA.objects.filter(branch="ec", environment="test").delete()
    rewrite(IssuingCA.objects.filter(branch="ec"), environment="test")
    settings.ISSUANCE_SIGNER = {"BACKEND": "issuance.signers.file.KeyFiles"}
    signers.forget()
    with pytest.raises(SystemCheckError) as error:
        call_command("check", "--deploy")
    for number in ("E003", "E004", "E005", "E007"):
        assert f"issuance.{number}" in str(error.value)


@pytest.mark.parametrize(("persons", "wrong"), [(1, True), (2, False)])
def test_a_deployment_wants_two_persons_for_production(settings, persons, wrong):
    settings.PRODUCTION = True
    settings.ISSUANCE_APPROVALS = {"production": persons, "test": 1}
    assert ("issuance.E009" in found(deploy=True)) is wrong
