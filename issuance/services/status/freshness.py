"""For monitoring: whether published CRLs and OCSP responses are renewed in time."""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.db.models import Exists, OuterRef, Q

from certportal.foundation.database.combined_queries import Asks, Question, Rows
from issuance.authority import crl
from issuance.authority.places import Place
from issuance.conf import pki
from issuance.models import Certificate, IssuingCA
from issuance.publication import repository
from issuance.services.status.publish_crl import BACKDATE, is_needed


class Margin(NamedTuple):
    """How much of a validity must be left: this share of it, or ``most`` if that is less."""

    share: float
    most: timedelta


# Lists are made hourly and last two days, so half their validity gone means a day of failures. A
# root's list lasts a year and is renewed by hand.
LATE = Margin(0.5, timedelta(days=30))
SOON_OVER = Margin(0.125, timedelta(days=7))
# A CA's first responses are signed right after its first certificate, and again by the clock.
FIRST_RESPONSES = timedelta(minutes=15)


def late_lists(now: datetime) -> list[str]:
    """Stems of the CAs and roots whose list is missing, broken or overdue for replacement."""
    return [stem for stem in _needed(now) if _is_short(stem, now, LATE)]


def foreign_lists(now: datetime) -> list[str]:
    """Stems of the CAs and roots for which a list is served that they have not signed.

    A CA once served another CA's list (Mozilla Bugzilla 2048626).
    """
    return [stem for stem, issuer in _needed(now).items() if _is_foreign(stem, issuer)]


def lists_soon_over(now: datetime) -> list[str]:
    """Stems of the CAs and roots whose list expires soon; relying parties refuse expired lists."""
    return [stem for stem in _needed(now) if _is_short(stem, now, SOON_OVER)]


def stopped_lists() -> list[str]:
    """Stems of the CAs whose last list differed from the database: no list of theirs is made."""
    return [ca.stem for ca in authorities() if ca.crl_stopped]


class Served(NamedTuple):
    """A CRL that must be served: its thisUpdate and nextUpdate; None if there is no CRL."""

    stem: str
    is_roots: bool
    begun: datetime | None
    until: datetime | None
    ca_until: datetime


def needed_lists(now: datetime) -> list[Served]:
    """The served CRL of each CA and root that must publish one."""
    return [_served(stem, issuer) for stem, issuer in _needed(now).items()]


def _served(stem: str, issuer: x509.Certificate) -> Served:
    served = repository.served_crl(stem)
    begun, until = (served.facts.this_update, served.facts.next_update) if served else (None, None)
    is_roots = issuer.issuer == issuer.subject
    return Served(stem, is_roots, begun, until, issuer.not_valid_after_utc)


def late_responses(now: datetime) -> list[str]:
    """Stems of the CAs with OCSP responses that are overdue for renewal.

    Renewal is due when three quarters of the validity are left; with half left it has failed for
    hours. A response that lasts longer than the validity was signed before the clock was set back,
    is dated in the future, and is not accepted by relying parties. A CA that has none yet is late
    once a certificate has waited for them for `FIRST_RESPONSES`.
    """
    life = timedelta(hours=pki().ocsp_validity_hours)
    alive = Certificate.objects.filter(issuing_ca=OuterRef("pk"), not_after__gte=now)
    timely = Q(ocsp_next_update__range=(now + LATE.share * life, now + life + BACKDATE))
    waiting = Q(Exists(alive.filter(issued_at__lt=now - FIRST_RESPONSES)))
    late = Q(ocsp_next_update=None) & waiting | Q(ocsp_next_update__isnull=False) & ~timely
    cas = IssuingCA.objects.filter(late, Exists(alive)).order_by("pk")
    return [ca.stem for ca in cas if is_needed(ca, now)]


@Question
def authorities() -> Asks[list[IssuingCA]]:
    """All issuing CAs in the order of their creation."""
    return Rows(IssuingCA.objects.order_by("pk")), list


def _needed(now: datetime) -> dict[str, x509.Certificate]:
    """The certificates of the CAs that must publish a list and of their roots, by stem."""
    needed = [ca for ca in authorities() if is_needed(ca, now)]
    own = {ca.stem: ca.certificate for ca in needed}
    return own | {Place.of(ca).root_stem: ca.root for ca in needed}


def _is_foreign(stem: str, issuer: x509.Certificate) -> bool:
    path = repository.crl_path(stem)
    try:
        state = path.stat()
    except FileNotFoundError:
        return False
    seen = (state.st_ino, state.st_mtime_ns, state.st_size)
    return _differs(stem, str(path), seen, issuer.public_bytes(Encoding.DER))


@lru_cache(maxsize=64)
def _differs(stem: str, _path: str, _seen: tuple[int, int, int], issuer_der: bytes) -> bool:
    """Whether another CA signed the list; cached while the file is the same: it may be large."""
    served = repository.served_crl(stem)
    issuer = x509.load_der_x509_certificate(issuer_der)
    return served is not None and not crl.is_issued_by(served, issuer)


def _is_short(stem: str, now: datetime, least: Margin) -> bool:
    """Whether less than ``least`` of the list's validity is left.

    Also true for a list dated in the future, made before the clock was set back.
    """
    served = repository.served_crl(stem)
    if served is None:
        return True
    begun, until = served.facts.this_update, served.facts.next_update
    return begun > now or until - now < min(least.share * (until - begun), least.most)
