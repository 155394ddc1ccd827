"""Commands to fetch, compare and install the CA certificates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from issuance.conf import pki

if TYPE_CHECKING:
    from issuance.views.hierarchy import Hierarchy


@dataclass(frozen=True, slots=True)
class Instruction:
    """Commands for one kind of system; ``id`` is the HTML id of their element."""

    id: str
    label: Promise
    commands: str


OPENSSL = """\
curl -O {base}/ca/{root}.crt
openssl x509 -inform DER -in {root}.crt -noout -fingerprint -sha256
openssl x509 -inform DER -in {root}.crt -out {root}.pem
curl -o chain.pem {base}/ca/{issuing}.pem
openssl verify -CAfile {root}.pem -untrusted chain.pem certificate.pem"""
STATUS = """\
openssl ocsp -issuer chain.pem -cert certificate.pem -CAfile {root}.pem -no_nonce \
-url {base}/ocsp/{issuing}
curl -O {base}/crl/{issuing}.crl
openssl verify -crl_check -CRLfile {issuing}.crl -CAfile {root}.pem -untrusted chain.pem \
certificate.pem"""
DEBIAN = """\
sudo cp {root}.pem /usr/local/share/ca-certificates/{root}.crt
sudo update-ca-certificates"""
JAVA = """\
keytool -printcert -file {root}.crt
keytool -importcert -trustcacerts -alias {root} -file {root}.crt -keystore truststore.p12 \
-storetype PKCS12
keytool -importcert -trustcacerts -alias {issuing} -file {issuing}.crt -keystore truststore.p12"""
WINDOWS = """\
certutil -hashfile {root}.crt SHA256
certutil -addstore -f Root {root}.crt
certutil -addstore -f CA {issuing}.crt"""

COMMANDS: Sequence[tuple[str, Promise, str]] = (
    ("openssl", _("OpenSSL: fetch, compare and check a certificate"), OPENSSL),
    ("status", _("OpenSSL: ask whether a certificate has been revoked"), STATUS),
    ("debian", _("Debian and Ubuntu: trust the root in the whole system"), DEBIAN),
    ("java", _("Java: a trust store of its own for the application"), JAVA),
    ("windows", _("Windows: the computer's certificate stores, as an administrator"), WINDOWS),
)


def instructions(example: "Hierarchy") -> list[Instruction]:
    """The commands with the file names of one hierarchy and its current issuing CA."""
    names = {
        "base": pki().public_url,
        "root": example.root.stem,
        "issuing": example.current.stem,
    }
    return [Instruction(id, label, text.format(**names)) for id, label, text in COMMANDS]
