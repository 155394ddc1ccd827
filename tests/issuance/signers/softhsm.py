"""A token of SoftHSM in a directory of its own, with keys put in from outside."""

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pkcs11
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from pkcs11.util.ec import decode_ec_private_key, decode_ec_public_key
from pkcs11.util.rsa import decode_rsa_private_key, decode_rsa_public_key

from issuance.signers.protocol import ChainFiles, Signer, SigningKey

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
LABEL = "Sote-testi"
PIN = "73914655"
BOTH, PUBLIC = slice(None), slice(1, 2)


@dataclass
class SoftToken:
    """The token's files lie in ``folder / "tokens"``; SOFTHSM2_CONF names its configuration."""

    folder: Path

    def initialise(self) -> None:
        self._tokens.mkdir()
        conf = f"directories.tokendir = {self._tokens}\nobjectstore.backend = file\n"
        (self.folder / "softhsm2.conf").write_text(conf)
        command = ["softhsm2-util", "--init-token", "--free", "--label", LABEL]
        subprocess.run([*command, "--so-pin", PIN, "--pin", PIN], check=True, capture_output=True)
        self.write_pin(PIN)

    @property
    def environment(self) -> dict[str, str]:
        return {"SOFTHSM2_CONF": str(self.folder / "softhsm2.conf")}

    @property
    def options(self) -> dict[str, str]:
        return {"module": MODULE, "token": LABEL, "pin_file": str(self.folder / "pin")}

    @property
    def _tokens(self) -> Path:
        return self.folder / "tokens"

    def write_pin(self, pin: str) -> None:
        (self.folder / "pin").write_text(f"{pin}\n")

    def take_away(self) -> None:
        self._tokens.rename(self.folder / "taken away")

    def bring_back(self) -> None:
        (self.folder / "taken away").rename(self._tokens)

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Within the block no call to the token returns that reads what it stores.

        SoftHSM waits for the locks of its files without limit.
        """
        with ExitStack() as held:
            for each in filter(Path.is_file, self._tokens.rglob("*")):
                fcntl.lockf(held.enter_context(each.open("r+b")), fcntl.LOCK_EX)
            yield

    def put_key(self, label: str, key: SigningKey, parts: slice = BOTH) -> None:
        """Import a key, as no ceremony does, or only one half of the pair."""
        library = pkcs11.lib(MODULE)
        library.reinitialize()
        with library.get_token(token_label=LABEL).open(rw=True, user_pin=PIN) as session:
            for attributes in _attributes(key)[parts]:
                named = {pkcs11.Attribute.LABEL: label, pkcs11.Attribute.ID: label.encode()}
                session.create_object({**attributes, **named, pkcs11.Attribute.TOKEN: True})

    def put(self, chains: Path, label: str, signer: Signer) -> None:
        self.put_key(label, signer.private_key)
        ChainFiles(chains).write(label, signer.chain)


def _attributes(key: SigningKey) -> tuple[dict[Any, Any], dict[Any, Any]]:
    private = key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    if isinstance(key, RSAPrivateKey):
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
        return decode_rsa_private_key(private), decode_rsa_public_key(public)
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return decode_ec_private_key(private), decode_ec_public_key(public)


def use(token: SoftToken) -> None:
    """Let this process see the token."""
    os.environ.update(token.environment)


def sessions() -> list[int]:
    """The numbers of this process's children that have a session with a token."""
    children = Path("/proc/self/task").glob("*/children")
    found = [int(number) for each in children for number in each.read_text().split()]
    return [each for each in found if Path(f"/proc/{each}/comm").read_text().strip() == "token"]
