import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from issuance import signers
from issuance.models import IssuingCA
from issuance.signers import memory
from tests.issuance import hierarchy

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


@pytest.mark.parametrize("process", ["web", "default", "beat"])
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
    settings.ISSUANCE_SIGNER = {"BACKEND": "issuance.signers.memory.KeysInMemory"}
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


def test_a_test_ca_entered_as_a_production_ca_is_noticed(keys_visible: None) -> None:
    IssuingCA.objects.filter(environment="production", branch="ec").delete()
    IssuingCA.objects.filter(environment="test", branch="ec").update(environment="production")
    assert "issuance.E004" in found(deploy=True, databases=["default"])
