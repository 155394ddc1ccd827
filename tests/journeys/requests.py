"""Certificate requests as customers make them, with the tools they use."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

EC = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]


@dataclass(frozen=True)
class Request:
    """A request and the file of the key it was made with."""

    csr: bytes
    key: Path

    @property
    def public_key(self) -> bytes:
        """The key's public half as openssl prints it."""
        return run("openssl", "pkey", "-in", self.key, "-pubout")


def run(*command: object) -> bytes:
    """Run a tool; return what it printed. Raises CalledProcessError."""
    return subprocess.run([str(part) for part in command], capture_output=True, check=True).stdout


def openssl(folder: Path, name: str, *, kind: str = "ec") -> Request:
    """Let openssl make a key (`ec`, or the bits of an RSA key) and a request."""
    key = folder / "openssl.key"
    chosen = EC if kind == "ec" else ["-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{kind}"]
    run("openssl", "genpkey", *chosen, "-out", key)
    subject = ["-subj", f"/C=FI/CN={name}"]
    if "@" in name:
        subject += ["-addext", f"subjectAltName=email:{name}"]
    elif "." in name:
        subject += ["-addext", f"subjectAltName=DNS:{name}"]
    return Request(run("openssl", "req", "-new", "-key", key, *subject), key)


def gnutls(folder: Path, name: str, *, kind: str = "ec") -> Request:
    """Let GnuTLS's certtool make a key and a request from a template."""
    key, template = folder / "gnutls.key", folder / "gnutls.template"
    template.write_text(f'cn = "{name}"\ncountry = FI\ndns_name = "{name}"\n')
    chosen = ["--ecc", "--curve", "secp256r1"] if kind == "ec" else ["--rsa", "--bits", kind]
    run("certtool", "--generate-privkey", *chosen, "--outfile", key)
    made = run("certtool", "--generate-request", "--load-privkey", key, "--template", template)
    return Request(made, key)
