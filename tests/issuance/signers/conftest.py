from pathlib import Path

import pytest
from pytest_django import Settings

from certportal.dev.builders import memory
from issuance import signers
from issuance.signers import Signer
from issuance.signers.file import KeyFiles
from tests.issuance.signers.softhsm import SoftToken

BACKENDS = ("file", "token", "memory")


class Bench:
    """The backend under test: ``put`` gives it a signer made elsewhere, ``remove`` and ``restore``
    take all keys away and bring them back.
    """

    def __init__(self, name: str, settings: Settings, keys: KeyFiles, token: SoftToken) -> None:
        self.name, self._keys, self._token = name, keys, token
        self._folder = Path(settings.CA_KEYS_DIR)
        self._put: dict[str, Signer] = {}
        settings.ISSUANCE_SIGNER = {
            "file": {"BACKEND": "issuance.signers.file.KeyFiles"},
            "memory": {"BACKEND": "certportal.dev.builders.memory.KeysInMemory"},
            "token": {
                "BACKEND": "issuance.signers.pkcs11.TokenKeys",
                "OPTIONS": token.options,
            },
        }[name]

    def put(self, stem: str, signer: Signer) -> None:
        self._put[stem] = signer
        if self.name == "file":
            self._keys.store(stem, signer.private_key, signer.chain)
        elif self.name == "token":
            self._token.put(self._folder, stem, signer)
        else:
            memory.put(stem, signer)

    def remove(self) -> None:
        if self.name == "file":
            self._folder.rename(self._folder.with_name("unmounted"))
        elif self.name == "token":
            self._token.take_away()
        else:
            for stem in self._put:
                memory.drop(stem)
        signers.forget()

    def restore(self) -> None:
        if self.name == "file":
            self._folder.with_name("unmounted").rename(self._folder)
        elif self.name == "token":
            self._token.bring_back()
        else:
            for stem, signer in self._put.items():
                memory.put(stem, signer)


@pytest.fixture
def keys(settings: Settings, tmp_path: Path) -> KeyFiles:
    (tmp_path / "password").write_text("a long password\n")
    settings.CA_KEYS_DIR = str(tmp_path / "keys")
    settings.CA_KEY_PASSWORD_FILE = str(tmp_path / "password")
    return KeyFiles()


@pytest.fixture(params=BACKENDS)
def bench(
    request: pytest.FixtureRequest, settings: Settings, keys: KeyFiles, token: SoftToken
) -> Bench:
    signers.forget()
    return Bench(request.param, settings, keys, token)
