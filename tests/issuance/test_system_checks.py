import pytest
from django.core.checks import run_checks
from pytest_django import Settings


def found(deploy: bool = False) -> set[str]:
    messages = run_checks(tags=["security"], include_deployment_checks=deploy)
    return {str(message.id) for message in messages if str(message.id).startswith("issuance.")}


@pytest.mark.parametrize("process", ["web", "default", "beat"])
@pytest.mark.parametrize("name", ["CA_KEYS_DIR", "CA_KEY_PASSWORD_FILE"])
def test_no_process_but_the_ca_worker_knows_the_keys(
    settings: Settings, process: str, name: str
) -> None:
    settings.CA_KEYS_DIR = settings.CA_KEY_PASSWORD_FILE = ""
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
