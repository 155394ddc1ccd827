"""The two rooms, with keys in files and in a token."""

from pathlib import Path

import pytest
from pytest_django import Settings

from issuance import signers
from tests.issuance.root_elsewhere.rooms import Rooms
from tests.issuance.signers.softhsm import SoftToken


@pytest.fixture(params=["file", "token"])
def rooms(
    request: pytest.FixtureRequest, settings: Settings, tmp_path: Path, token: SoftToken
) -> Rooms:
    made = Rooms(tmp_path / "service", tmp_path / "safe", tmp_path / "files")
    made.files.mkdir()
    (made.files / "password").write_text("password of the service\n")
    (made.files / "passphrase").write_text("passphrase of the safe\n")
    settings.PORTAL_DATA = tmp_path / "data"
    settings.CA_KEYS_DIR = str(made.service)
    settings.CA_KEY_PASSWORD_FILE = str(made.files / "password")
    settings.ISSUANCE_SIGNER = {"BACKEND": "issuance.signers.file.KeyFiles"}
    if request.param == "token":
        backend = "issuance.signers.pkcs11.TokenKeys"
        settings.ISSUANCE_SIGNER = {"BACKEND": backend, "OPTIONS": token.options}
    signers.forget()
    return made
