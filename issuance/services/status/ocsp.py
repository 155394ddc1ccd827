"""OCSP responses: signed ahead for every certificate, and on demand. In the `ca` worker only.

One pack holds the responses about some certificates; whatever happens to one of them, its pack
is signed anew. Who signs a pack holds a lock of its own, reads how the certificates stand and
replaces the file, so that an older status never replaces a newer one.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import batched

from cryptography.x509.ocsp import OCSPResponseStatus

from certportal.foundation.errors import Unavailable
from issuance import packs
from issuance.authority import ocsp
from issuance.authority.ocsp import CertId, Single, Standing, Status
from issuance.conf import pki
from issuance.models import Certificate, IssuingCA
from issuance.services import locks, standing
from issuance.services.publish import is_needed
from issuance.services.responders import BACKDATE, LoadSigner, responder_for
from issuance.services.signing import signer_for
from issuance.signers import Signer

SIGNED_AHEAD = ("sha1", "sha256")
"""How clients name the issuer: RFC 5019 section 2.1.1 wants SHA-1, its successor SHA-256."""
RENEWED_AT = 0.75
"""Packs are signed anew when no more than this share of their life is left."""
MOST_PACKS = 200
"""Packs signed in one go: the `ca` worker has other work waiting."""
TOGETHER = 20
"""Packs signed under one lock: a revocation waits for no more than these."""
EPOCH = datetime.min.replace(tzinfo=UTC)
UNKNOWN_FOR = timedelta(minutes=5)
"""An unknown number may be a certificate's tomorrow."""


def publish_response_with(
    certificate_id: int, *, now: datetime, load_signer: LoadSigner = signer_for
) -> None:
    """Sign the pack of this certificate anew: it was issued or revoked. Raises Unavailable.

    Nothing is signed ahead about one that has ended. A pack takes in all that were issued before
    it, so that many issued at once make few signatures, and revocations do not wait for them.
    """
    certificate = Certificate.objects.select_related("issuing_ca").get(pk=certificate_id)
    if certificate.not_after >= now and not _is_told_good(certificate, now):
        names = [packs.name_of(certificate.serial)]
        publish_packs(certificate.issuing_ca, names, now=now, load_signer=load_signer)


def _is_told_good(certificate: Certificate, now: datetime) -> bool:
    """Whether nothing has to be signed: it is in force, and its pack told of it before."""
    file = packs.path(certificate.issuing_ca.stem, packs.name_of(certificate.serial))
    head = packs.read_head(file) if certificate.state == Certificate.State.ISSUED else None
    number = int(certificate.serial, 16)
    return head is not None and head.next_update > now and head.tells_of(SIGNED_AHEAD[-1], number)


def publish_packs(
    ca: IssuingCA, names: Sequence[str], *, now: datetime, load_signer: LoadSigner = signer_for
) -> datetime:
    """Sign the responses of these packs and replace them; an empty one is taken away.

    Returns when they end. Raises SignerUnavailable, Busy (another worker is at one of them).
    """
    responder = responder_for(ca, now=now, load_signer=load_signer)
    until = _next_update(responder, now)
    with locks.alone(*(f"ocsp:{ca.stem}:{name}" for name in names)):
        for name, statuses in standing.in_packs(ca, names, now).items():
            responses = dict(_responses(ca, statuses, responder, now, until))
            packs.write(ca.stem, name, now, until, responses)
    # If these are the first, from now on monitoring knows what to look at.
    IssuingCA.objects.filter(pk=ca.pk, ocsp_next_update=None).update(ocsp_next_update=until)
    return until


def _responses(
    ca: IssuingCA, statuses: Mapping[str, Status], responder: Signer, now: datetime, until: datetime
) -> Iterator[tuple[packs.Key, bytes]]:
    names = ocsp.Names(ca.certificate)
    for serial, status in statuses.items():
        number = int(serial, 16)
        for algorithm in SIGNED_AHEAD:
            single = _single(names.cert_id(algorithm, number), status, now, until)
            yield (algorithm, number), ocsp.respond([single], responder, now=now)


def _next_update(responder: Signer, now: datetime) -> datetime:
    """A response ends before its responder's certificate does: who checks it looks at both."""
    validity = timedelta(hours=pki().ocsp_validity_hours)
    return min(now + validity, responder.chain[0].not_valid_after_utc)


def _single(cert_id: bytes, status: Status, now: datetime, until: datetime) -> Single:
    """Backdated for clocks that lag, but not to before the revocation it tells of.

    Nor dated in the future, as a revocation may be after the clock was put back.
    """
    begun = now - BACKDATE
    return Single(cert_id, status, max(begun, min(status.revoked_at or begun, now)), until)


def refresh_responses(
    *, now: datetime, most: int = MOST_PACKS, load_signer: LoadSigner = signer_for
) -> bool:
    """Sign anew the packs of every CA that are missing, broken or have lost a part of their life.

    A retired CA's too, until its last certificate ends. At most so many packs; true if more are
    due. A CA whose signer fails keeps none of the others back: failures come as an
    ExceptionGroup.
    """
    left, failures = most, []
    for ca in IssuingCA.objects.order_by("pk"):
        if not is_needed(ca, now):
            continue
        try:
            left -= _refresh(ca, now, left, load_signer)
        except (Unavailable, OSError) as error:
            failures.append(error)
        if left <= 0:
            break
    if failures:
        raise ExceptionGroup("OCSP responses not signed", failures)
    return left <= 0


def _refresh(ca: IssuingCA, now: datetime, most: int, load_signer: LoadSigner) -> int:
    """Sign up to ``most`` packs that are due; how many. Those not wanted any more go as well.

    One signed before a revocation in it is due, whatever became of the work that should have
    signed it then.
    """
    names = sorted(standing.pack_names(ca, now) | set(packs.names(ca.stem)))
    heads = {name: packs.read_head(packs.path(ca.stem, name)) for name in names}
    revoked = standing.last_revocations(ca, now)
    fresh = {
        name: head
        for name, head in heads.items()
        if head and not _is_old(head, now) and revoked.get(name, EPOCH) <= head.this_update
    }
    due = [name for name in names if name not in fresh]
    ends = [head.next_update for head in fresh.values()]
    for together in batched(due[:most], TOGETHER):
        ends.append(publish_packs(ca, together, now=now, load_signer=load_signer))
    if len(due) <= most:
        IssuingCA.objects.filter(pk=ca.pk).update(ocsp_next_update=min(ends, default=None))
    return min(len(due), most)


def _is_old(pack: packs.Head, now: datetime) -> bool:
    """Whether a part of its life is over, or the clock was put back since: nobody believes it."""
    from_the_future = pack.this_update - BACKDATE > now
    life = pack.next_update - pack.this_update
    return from_the_future or pack.next_update - now <= RENEWED_AT * life


def answer(
    stem: str, request: bytes, *, now: datetime, load_signer: LoadSigner = signer_for
) -> bytes:
    """Sign the answer to a request (DER) for which nothing was signed ahead; it is not kept.

    A request that cannot be answered gets the refusal that says so. Raises Unavailable.
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
    return _answer(ca, asked, now, load_signer)


def _answer(
    ca: IssuingCA, asked: Sequence[CertId], now: datetime, load_signer: LoadSigner
) -> bytes:
    responder = responder_for(ca, now=now, load_signer=load_signer)
    until = _next_update(responder, now)
    singles = []
    for each in asked:
        status = standing.of_serial(ca, each.serial)
        end = until if status.standing != Standing.UNKNOWN else min(until, now + UNKNOWN_FOR)
        singles.append(_single(each.encoded, status, now, end))
    return ocsp.respond(singles, responder, now=now)
