"""Verifies, before signing, which approvals were signed by passkeys in the register of approvers.

The database is not trusted. What was signed is computed from the attempt's bytes and the approval's
columns; whose key signed it comes from the register; the environment from the signing key's name.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings

from accounts.models import Person
from certportal.foundation import clock
from certportal.foundation.database.combined_queries import Rows, compiled_for
from certportal.foundation.database.prepared_statements import Among
from issuance.approvers.assertion import Assertion, BadAssertion
from issuance.approvers.proof import Proof
from issuance.approvers.register import Approver, Register
from issuance.approvers.verify_assertion import verify
from issuance.approvers.waived import Waived
from issuance.authority.places import environment_of
from issuance.conf import proof_wanted
from issuance.models import Approval, PreparedCertificate
from issuance.services.approvers import enough, register
from issuance.services.approvers.enrol import ROLE
from issuance.services.errors import NotProved
from issuance.services.issuing import to_sign
from issuance.services.issuing.approve import Standing, approval_states, by_policy
from issuance.services.issuing.attempts import ca_of

log = structlog.get_logger(__name__)

_FOR_WAIVER = 2
"""Persons whom a waiver needs: its giver and somebody else (docs/decisions/waivers.md)."""


def unproved(
    attempts: Sequence[PreparedCertificate], now: datetime, standing: Standing | None = None
) -> set[int]:
    """Return the ids of attempts that need proofs and that too few enrolled persons have signed.

    ``standing``: their valid approvals, if they have just been read. Raises RegisterUnavailable,
    also if fewer persons are enrolled than must approve.
    """
    concerned = [each for each in attempts if proof_wanted(_environment(each))]
    if not concerned:
        return set()
    known, by_id = register.read(), {each.pk: each for each in concerned}
    wanted: dict[str, int] = {}
    for each in concerned:
        wanted[_environment(each)] = max(by_policy(each), wanted.get(_environment(each), 0))
    enough.require(known, wanted, now)
    proved: dict[tuple[int, str], int] = {}
    for approval in _approvals(list(by_id)).alone():
        if key := _proved_by(approval, by_id[approval.prepared_id], known, now):
            # Counted by the register's persons: the database, which has mergers, is not trusted.
            proved.setdefault((approval.prepared_id, key.person), approval.pk)
    states = approval_states(concerned, standing, only=proved.values())
    return {pk for pk, state in states.items() if not state.complete}


@compiled_for([0])
def _approvals(attempts: list[int]) -> Rows:
    """Return the query for all approvals of the attempts, by their ids, with their persons."""
    given = Approval.objects.filter(Among("prepared", "bigint", attempts))
    return Rows(given.order_by("pk"), "person")


def ensure_proved(attempts: Sequence[PreparedCertificate], now: datetime) -> None:
    """Raise NotProved if too few enrolled persons have signed one of these, RegisterUnavailable.

    Checked again just before signing: only the database says that an attempt is being signed.
    """
    if lacking := unproved(attempts, now):
        names = ", ".join(str(each) for each in attempts if each.pk in lacking)
        log.critical("signing_not_proved", attempts=names)
        raise NotProved(f"being signed without the approvers' signatures: {names}")


def _environment(attempt: PreparedCertificate) -> str:
    return environment_of(ca_of(attempt).stem)


def _proved_by(
    approval: Approval, attempt: PreparedCertificate, known: Register, now: datetime
) -> Approver | None:
    try:
        return _required(approval, attempt, known, now)
    except BadAssertion as error:
        log.warning("approval_not_proved", approval=approval.pk, why=str(error))
        return None


def _required(
    approval: Approval, attempt: PreparedCertificate, known: Register, now: datetime
) -> Approver:
    """Return the approver whose passkey signed this approval. Raises BadAssertion if none did."""
    if approval.assertion is None:
        raise BadAssertion("nothing was signed")
    proof = Proof.parse(approval.assertion)
    key = known.in_force(proof.assertion.credential_id, now)
    if key is None or not key.is_in_force(approval.created_at):
        raise BadAssertion("the passkey is not enrolled, or was not then")
    if not _belongs_to(key, approval.person):
        raise BadAssertion("the passkey is another person's")
    if key.role != ROLE or _environment(attempt) not in key.environments:
        raise BadAssertion("the passkey is not enrolled for this")
    if _environment(attempt) != attempt.environment:
        raise BadAssertion("the attempt is not of the environment of its CA")
    waivers = [Waived.parse(each) for each in approval.waivers or ()]
    policy: dict[str, Any] = {"persons": approval.persons, "until": approval.until}
    own = to_sign.challenge(attempt, waivers=waivers, **policy)
    _verify(proof.assertion, proof.challenge_for(own), key)
    for waived in waivers:
        _require_waived(waived, approval, attempt, known)
    return key


def _belongs_to(key: Approver, person: Person) -> bool:
    """Whether the entry is the person's: for their account, or one of those that were merged."""
    if key.person in {str(person.pk), str(person.merged_into_id)}:
        return True
    return Person.objects.filter(pk=key.person, merged_into=person).exists()


def _require_waived(
    waived: Waived, approval: Approval, attempt: PreparedCertificate, known: Register
) -> None:
    """Raise BadAssertion unless a reviewer signed the waiver for this order and at least this long.

    Two persons must approve then, at least one of whom did not give the waiver. A passkey whose
    enrolment has ended is accepted: those who approve now take responsibility for the waiver.
    """
    if waived.waiver.reference != attempt.reference:
        raise BadAssertion("the waiver is of another order")
    last = clock.start_of_day(waived.waiver.ends_on + timedelta(days=1))
    if approval.persons < _FOR_WAIVER or approval.until is None or approval.until > last:
        raise BadAssertion("the waiver takes two persons, and has ended before")
    if waived.assertion is None:
        raise BadAssertion("nobody signed the waiver")
    wanted = waived.assertion.credential_id
    enrolments = [each for each in known.approvers if each.credential_id == wanted]
    environment = _environment(attempt)
    if not any(each.role == ROLE and environment in each.environments for each in enrolments):
        raise BadAssertion("the passkey that signed the waiver was never enrolled for this")
    _verify(waived.assertion, waived.waiver.challenge, enrolments[-1])


def _verify(assertion: Assertion, challenge: bytes, key: Approver) -> None:
    verify(
        assertion,
        challenge,
        credential=key.credential,
        rp_id=settings.PORTAL_HOST,
        origins=[settings.PORTAL_BASE_URL],
    )
