"""OCSP responses, signed in advance for every certificate and on demand. `ca` worker only.

A pack is a file with the responses about a group of certificates; when the status of one changes,
its pack is signed again. The signing worker holds the lock of the pack while it reads the status
and replaces the file, so that an older status never replaces a newer one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import batched

from cryptography.x509.ocsp import OCSPResponseStatus

from certportal.foundation.database.related_rows import by_key
from certportal.foundation.errors import Unavailable
from issuance.authority import ocsp
from issuance.authority.ocsp import Single, Standing, Status
from issuance.conf import pki
from issuance.models import Certificate, IssuingCA
from issuance.publication import ocsp_packs
from issuance.services import lease, locks
from issuance.services.signer import LoadSigner, signer_for
from issuance.services.status import standing
from issuance.services.status.ocsp_responders import responder_for
from issuance.services.status.publish_crl import BACKDATE, is_needed
from issuance.signers import Signer

SIGNED_AHEAD = ("sha1", "sha256")
"""Hash algorithms in clients' CertIDs: SHA-1 (RFC 5019 section 2.1.1), SHA-256 in its successor."""
RENEWED_AT = 0.75
"""Packs are renewed when this share of their validity, or less, is left."""
MOST_PACKS = 200
"""Limit of packs signed in one task: the `ca` worker has other work waiting."""
PACKS_AT_ONCE = 5
"""Packs locked and signed together: a revocation or a certificate waits at most for these."""
_certificate = by_key(Certificate, "issuing_ca")
EPOCH = datetime.min.replace(tzinfo=UTC)
UNKNOWN_FOR = timedelta(minutes=5)
"""Validity of the status "unknown": the serial number may be issued later."""


def publish_response_with(
    certificate_id: int, *, now: datetime, load_signer: LoadSigner = signer_for
) -> None:
    """Sign the pack of a certificate that was issued or revoked. Raises Unavailable.

    Nothing is signed for an expired certificate. A pack includes everything issued before, so if
    the pack already has the certificate as good, it is not signed again; thus a mass issuance
    needs few signatures and does not delay revocations.
    """
    certificate = _certificate(certificate_id)
    if certificate is None:
        raise Certificate.DoesNotExist
    if certificate.not_after >= now and not _has_good_response(certificate, now):
        names = [ocsp_packs.name_of(certificate.serial)]
        publish_packs(certificate.issuing_ca, names, now=now, load_signer=load_signer)


def _has_good_response(certificate: Certificate, now: datetime) -> bool:
    """Whether the certificate is not revoked and its current pack already has a response."""
    file = ocsp_packs.path(certificate.issuing_ca.stem, ocsp_packs.name_of(certificate.serial))
    head = ocsp_packs.read_head(file) if certificate.state == Certificate.State.ISSUED else None
    number = int(certificate.serial, 16)
    return head is not None and head.next_update > now and head.has(SIGNED_AHEAD[-1], number)


def publish_packs(
    ca: IssuingCA, names: Sequence[str], *, now: datetime, load_signer: LoadSigner = signer_for
) -> datetime:
    """Sign and replace these packs; delete a pack without certificates.

    Returns their nextUpdate. Raises SignerUnavailable, Busy (another worker signs one of them).
    """
    lease.require()
    responder = responder_for(ca, now=now, load_signer=load_signer)
    until = _next_update(responder, now)
    with locks.alone(*(f"ocsp:{ca.stem}:{name}" for name in names)):
        for name, statuses in standing.in_packs(ca, names, now).items():
            responses = dict(_responses(ca, statuses, responder, now, until))
            ocsp_packs.write(ca.stem, name, now, until, responses)
    # The first packs of this CA: from now on monitoring checks their nextUpdate.
    if ca.ocsp_next_update is None:
        IssuingCA.objects.filter(pk=ca.pk, ocsp_next_update=None).update(ocsp_next_update=until)
    return until


def _responses(
    ca: IssuingCA, statuses: Mapping[str, Status], responder: Signer, now: datetime, until: datetime
) -> Iterator[tuple[ocsp_packs.Key, bytes]]:
    names = ocsp.Names(ca.certificate)
    for serial, status in statuses.items():
        number = int(serial, 16)
        for algorithm in SIGNED_AHEAD:
            single = _single(names.cert_id(algorithm, number), status, now, until)
            yield (algorithm, number), ocsp.respond([single], responder, now=now)


def _next_update(responder: Signer, now: datetime) -> datetime:
    """nextUpdate is at most the expiry of the responder's certificate, which clients check too."""
    validity = timedelta(hours=pki().ocsp_validity_hours)
    return min(now + validity, responder.chain[0].not_valid_after_utc)


def _single(cert_id: bytes, status: Status, now: datetime, until: datetime) -> Single:
    """A SingleResponse, backdated for slow clocks but not to before the revocation.

    It is never dated in the future, as the revocation can be if the clock was set back.
    """
    begun = now - BACKDATE
    return Single(cert_id, status, max(begun, min(status.revoked_at or begun, now)), until)


def refresh_responses(
    *,
    now: datetime,
    most: int = MOST_PACKS,
    load_signer: LoadSigner = signer_for,
    between: Callable[[], None] = lambda: None,
) -> bool:
    """Sign the packs of every CA that are missing, broken or due for renewal.

    Retired CAs are included until their last certificate expires. At most ``most`` packs are
    signed; returns whether that limit is reached. `between` is called after every few packs, with
    nothing locked.

    If the signer of one CA fails, the others are still renewed, and the failures are raised as an
    ExceptionGroup.
    """
    left, failures = most, []
    for ca in IssuingCA.objects.order_by("pk"):
        if not is_needed(ca, now):
            continue
        try:
            left -= _refresh(ca, now, left, load_signer, between)
        except (Unavailable, OSError) as error:
            failures.append(error)
        if left <= 0:
            break
    if failures:
        raise ExceptionGroup("OCSP responses not signed", failures)
    return left <= 0


def _refresh(
    ca: IssuingCA, now: datetime, most: int, load_signer: LoadSigner, between: Callable[[], None]
) -> int:
    """Sign up to ``most`` packs that are due, delete unneeded ones; return how many were handled.

    A pack older than a revocation in it is due too, in case the task of the revocation was lost.
    """
    names = sorted(standing.pack_names(ca, now) | set(ocsp_packs.names(ca.stem)))
    heads = {name: ocsp_packs.read_head(ocsp_packs.path(ca.stem, name)) for name in names}
    revoked = standing.last_revocations(ca, now)
    fresh = {
        name: head
        for name, head in heads.items()
        if head and not _is_old(head, now) and revoked.get(name, EPOCH) <= head.this_update
    }
    due = [name for name in names if name not in fresh]
    ends = [head.next_update for head in fresh.values()]
    for together in batched(due[:most], PACKS_AT_ONCE):
        ends.append(publish_packs(ca, together, now=now, load_signer=load_signer))
        between()
    if len(due) <= most:
        IssuingCA.objects.filter(pk=ca.pk).update(ocsp_next_update=min(ends, default=None))
    return min(len(due), most)


def _is_old(pack: ocsp_packs.Head, now: datetime) -> bool:
    """Whether renewal is due, or the pack is dated in the future because the clock was set back."""
    from_the_future = pack.this_update - BACKDATE > now
    life = pack.next_update - pack.this_update
    return from_the_future or pack.next_update - now <= RENEWED_AT * life


def answer(
    stem: str, request: bytes, *, now: datetime, load_signer: LoadSigner = signer_for
) -> bytes:
    """Sign the response to a request (DER) that no pack answers; it is not stored.

    A request that cannot be answered gets an OCSP error response. Raises Unavailable.
    """
    try:
        asked = ocsp.read_request(request)
    except ocsp.BadRequest:
        return ocsp.refuse(OCSPResponseStatus.MALFORMED_REQUEST)
    except ocsp.NotUnderstood:
        return ocsp.refuse(OCSPResponseStatus.UNAUTHORIZED)
    ca = IssuingCA.objects.filter(stem=stem).first()
    if ca is None or not all(map(ocsp.Names(ca.certificate).are_meant_by, asked)):
        return ocsp.refuse(OCSPResponseStatus.UNAUTHORIZED)
    lease.require()
    responder = responder_for(ca, now=now, load_signer=load_signer)
    until = _next_update(responder, now)
    singles = []
    for each in asked:
        status = standing.of_serial(ca, each.serial)
        end = until if status.standing != Standing.UNKNOWN else min(until, now + UNKNOWN_FOR)
        singles.append(_single(each.encoded, status, now, end))
    return ocsp.respond(singles, responder, now=now)
