"""The page for people about the authority: its certificates, fingerprints and addresses."""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from issuance.models import IssuingCA
from issuance.places import Place


@dataclass(frozen=True, slots=True)
class Authority:
    """One CA certificate as the page shows it; ``stem`` names its files."""

    stem: str
    name: str
    sha256: str
    not_after: datetime
    is_test: bool
    state: str

    @classmethod
    def of(cls, certificate: x509.Certificate, stem: str, ca: IssuingCA) -> "Authority":
        """What there is to tell about ``certificate``, which is the CA's own or its root's."""
        (name,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return cls(
            stem=stem,
            name=str(name.value),
            sha256=certificate.fingerprint(SHA256()).hex(":", 2).upper(),
            not_after=certificate.not_valid_after_utc,
            is_test=ca.environment == "test",
            state=ca.state,
        )


@require_safe
def authorities(request: HttpRequest) -> HttpResponse:
    """Every issuing CA below its root, production first, the newest generation first."""
    issuing, roots = [], {}
    for ca in IssuingCA.objects.order_by("environment", "branch", "-generation"):
        issuing.append(Authority.of(ca.certificate, ca.stem, ca))
        stem = Place.of(ca).root_stem
        roots[stem] = Authority.of(ca.root, stem, ca)
    context = {"issuing": issuing, "roots": list(roots.values())}
    return render(request, "issuance/authorities.html", context)


@require_safe
def policy(request: HttpRequest) -> HttpResponseRedirect:
    """The address that stands in certificates; it leads on in the reader's language."""
    return redirect("authorities")
