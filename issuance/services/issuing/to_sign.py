"""What a reviewer's passkey signs when they approve: see issuance.approvers.challenge."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from issuance.approvers.assertion import Assertion, BadAssertion
from issuance.approvers.challenge import ToApprove, challenge_of, challenge_of_plan
from issuance.approvers.proof import PlanProof
from issuance.approvers.waived import Waived
from issuance.models import PreparedCertificate
from issuance.services.errors import OtherBytes

# In a mass replacement nobody looks at each certificate, so a reissue always needs two approvals:
# docs/decisions/mass-replacement.md.
FOR_REISSUE = 2


def challenge(
    prepared: PreparedCertificate,
    *,
    persons: int = 1,
    until: datetime | None = None,
    waivers: Sequence[Waived] = (),
) -> bytes:
    """Return the challenge for approving this attempt with these arguments of ``approve``."""
    return challenge_of(
        ToApprove(
            tbs_sha256=prepared.tbs_sha256,
            reference=prepared.reference,
            attempt=prepared.attempt,
            environment=prepared.environment,
            persons=persons,
            until=until,
            waivers=tuple(each.waiver.challenge for each in waivers),
        )
    )


def in_plan(prepared: PreparedCertificate) -> bytes:
    """Return the challenge for this attempt as one of many approved together."""
    return challenge(prepared, persons=persons_in_plan(prepared))


def plan_challenge(prepared_ids: Iterable[int]) -> bytes:
    """Return the challenge for approving all of these attempts together."""
    return challenge_of_plan(_challenges(prepared_ids))


def plan_proof(prepared_ids: Iterable[int], assertion: Assertion) -> PlanProof:
    """Return what proves each of the attempts, for ``approve_all``. Raises OtherBytes."""
    found = _challenges(prepared_ids)
    require(assertion, challenge_of_plan(found))
    return PlanProof(assertion, found)


def _challenges(prepared_ids: Iterable[int]) -> list[bytes]:
    columns = ("tbs_sha256", "reference", "attempt", "environment", "replaces")
    found = PreparedCertificate.objects.filter(pk__in=list(prepared_ids)).only(*columns)
    return [in_plan(each) for each in found.order_by("pk")]


def persons_in_plan(prepared: PreparedCertificate) -> int:
    """Return how many persons, at least, must approve an attempt that is approved with others."""
    return FOR_REISSUE if prepared.replaces else 1


def require(assertion: Assertion, challenge: bytes) -> None:
    """Raise OtherBytes unless the assertion names this challenge; the CA verifies its signature."""
    try:
        signed = assertion.challenge
    except BadAssertion as error:
        raise OtherBytes from error
    if signed != challenge:
        raise OtherBytes
