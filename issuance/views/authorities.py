"""The public page about the CAs: their chains and certificates, installing them, the seal."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from issuance.authority.places import Place
from issuance.authority.seal import SealPlace
from issuance.conf import pki
from issuance.models import IssuingCA, Seal
from issuance.views.hierarchy import Authority, Hierarchy


@require_safe
def authorities(request: HttpRequest) -> HttpResponse:
    """Every root with its issuing CAs, in two lists: production and test. Then the seals."""
    cas = IssuingCA.objects.order_by("environment", "-branch", "-generation")
    found: dict[str, Hierarchy] = {}
    for ca in cas:
        stem = Place.of(ca).root_stem
        root = Authority.of(ca.root, stem)
        hierarchy = found.setdefault(stem, Hierarchy(root, ca.branch, ca.environment == "test"))
        hierarchy.issuing.append(Authority.of(ca.certificate, ca.stem, ca.state))
    every = list(found.values())
    context = {
        "production": [each for each in every if not each.is_test],
        "test": [each for each in every if each.is_test],
        "seals": _seals(Seal.objects.order_by("-pk")),
        "instructions": instructions(every[0]) if every else [],
    }
    return render(request, "issuance/authorities.html", context)


def _seals(every: Iterable[Seal]) -> list[Authority]:
    """The root of the seals, then the seals, the one in use first; empty before the ceremony."""
    seals = list(every)
    roots = [Authority.of(each.root, SealPlace().root_stem) for each in seals[:1]]
    own = (replace(Authority.of(seal.certificate, seal.stem), has_list=False) for seal in seals)
    return [*roots, *own]


@require_safe
def policy(request: HttpRequest) -> HttpResponseRedirect:
    """The policy address in certificates: redirects to the page in the reader's language."""
    return redirect("authorities")


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


def instructions(example: Hierarchy) -> list[Instruction]:
    """The commands with the file names of one hierarchy and its current issuing CA."""
    stems = {"root": example.root.stem, "issuing": example.current.stem}
    names = stems | {"base": pki().public_url}
    return [Instruction(id, label, text.format(**names)) for id, label, text in COMMANDS]
