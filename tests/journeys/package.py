"""The mailed files, judged by openssl as a customer would."""

import subprocess
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from tests.journeys.requests import Request, run


@dataclass(frozen=True)
class Package:
    """The three files of a mail, unpacked."""

    der: Path
    pem: Path
    chain: Path

    @classmethod
    def of(cls, mail: EmailMessage, folder: Path) -> "Package":
        """Unpack the mail's attachments; there must be one of each."""
        found = {}
        for part in mail.iter_attachments():
            name = part.get_filename()
            assert name is not None
            kind = "chain" if name.endswith("_chain.pem") else name.rsplit(".", 1)[1]
            found[kind] = folder / name
            found[kind].write_bytes(part.get_payload(decode=True))  # type: ignore[arg-type]
        return cls(**found)

    def check(self, request: Request) -> None:
        """Fail unless the certificate chains to the mailed root and is that request's."""
        assert self.verifies_against(self.chain)
        text = run("openssl", "x509", "-in", self.pem, "-outform", "DER")
        assert text == self.der.read_bytes()
        assert run("openssl", "x509", "-in", self.pem, "-noout", "-pubkey") == request.public_key

    def verifies_against(self, trusted: Path) -> bool:
        """Whether openssl accepts the certificate when it trusts only these authorities."""
        told = ["-x509_strict", "-no-CApath", "-no-CAstore", "-CAfile", str(trusted)]
        done = subprocess.run(["openssl", "verify", *told, self.pem], capture_output=True)
        return done.returncode == 0

    def shows(self, option: str) -> str:
        """Return what `openssl x509` prints of the certificate for the option."""
        return run("openssl", "x509", "-in", self.pem, "-noout", option).decode()
