"""The reviewer's passkey under a decision: what it is asked, and whether it answered just that.

The certificate authority verifies the answer again before it signs, against its own register.
"""

from collections.abc import Collection, Iterable, Set
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.factors import passkeys
from accounts.factors.fingerprint import fingerprint
from accounts.models import Person, User
from accounts.services.people import second_factor
from applications.models import Waiver
from certportal.foundation.actors import Actor
from certportal.foundation.errors import NotAllowed, Refused
from issuance.approvers.assertion import Assertion, BadAssertion
from issuance.approvers.proof import Proof
from issuance.approvers.verify_assertion import verify
from issuance.conf import proof_wanted
from issuance.models import Approval, PreparedCertificate
from issuance.services.approvers import enrolled
from issuance.services.issuing.to_sign import require


class NotSigned(Refused):
    """No passkey of the reviewer's signed what is to be decided."""

    message = _(
        "The passkey's answer does not fit what you were shown. Nothing was decided. Go back and"
        " try again."
    )


class ProofMissing(NotAllowed):
    """The decision takes the reviewer's passkey, and its answer is missing."""

    message = _("Approve with your passkey. A code is not enough here.")


def asked(login: User, challenge: bytes, *, rather: Collection[str] = frozenset()) -> str:
    """Return what the browser asks the login's passkeys, as JSON; empty if there are none.

    If passkeys with fingerprints in `rather` are among them, no others are asked.
    """
    return passkeys.to_sign(login, challenge, rp_id=settings.PORTAL_HOST, preferred=rather)


def has_one_of(login: User, fingerprints: Collection[str]) -> bool:
    """Whether a passkey of the login has one of the fingerprints."""
    return any(passkeys.fingerprint_of(row) in fingerprints for row in passkeys.rows(login))


def counting_login(person: Person, own: User, counting: Collection[str]) -> User:
    """Return the person's login whose passkeys are asked: one with a passkey of these fingerprints.

    A merged person has a login for each merged record; without such a passkey, as elsewhere.
    """
    logins = [own, *person.logins.exclude(pk=own.pk).order_by("pk")]
    found = (one for one in logins if has_one_of(one, counting))
    return next(found, None) or second_factor.login_with_factors(person, own)


def uncounted(given: Iterable[Approval], attempt: PreparedCertificate) -> list[Approval]:
    """Return the approvals of the attempt that the CA will not count, as far as pages can know."""
    if not proof_wanted(attempt.environment):
        return []
    counting = enrolled.fingerprints([attempt.environment])
    return [one for one in given if not _may_count(one, counting)]


def _may_count(approval: Approval, counting: Set[str]) -> bool:
    try:
        wanted = Proof.parse(approval.assertion).assertion.credential_id
    except BadAssertion:
        return False
    theirs = Authenticator.objects.filter(user__person=approval.person.current)
    known = [one for one in map(passkeys.credential_data, theirs) if one]
    used = [fingerprint(one) for one in known if one.credential_id == wanted]
    return not used or not counting.isdisjoint(used)  # of a passkey that is gone, the CA knows


def prove(
    login: User, credential: passkeys.Credential, challenge: bytes, *, actor: Actor, now: datetime
) -> Assertion:
    """Return the assertion in the browser's answer, by which a passkey of the login signed this.

    It proves the second factor too if it `is_first`. Raises OtherBytes where something else is to
    be decided now, NotSigned and TooMany.
    """
    try:
        assertion = Assertion.of_browser(credential)
    except BadAssertion as error:
        raise NotSigned from error
    require(assertion, challenge)
    try:
        second_factor.prove_signature(
            login, lambda known: _is_by(known, assertion, challenge), actor=actor, now=now
        )
    except second_factor.NotProven as error:
        raise NotSigned from error
    return assertion


def is_first(assertion: Assertion, *, person: Person, now: datetime) -> bool:
    """Whether the person's decision at this moment was the first one stored with the assertion.

    What an approval signs is the same each time, so the answer can be sent again, by whoever has
    the session and a copy of it: then nobody touched a passkey.
    """
    said = assertion.to_json()
    approved = Approval.objects.filter(person=person, created_at=now)
    if approved.filter(assertion__signature=said["signature"]).exists():
        return True
    given = Waiver.objects.filter(waived_by=person)
    of_same = given.filter(assertion__clientDataJSON=said["clientDataJSON"])
    return [one.waived_at for one in of_same] == [now]


def _is_by(known: bytes, assertion: Assertion, challenge: bytes) -> bool:
    host, origins = settings.PORTAL_HOST, [settings.PORTAL_BASE_URL]
    try:
        verify(assertion, challenge, credential=known, rp_id=host, origins=origins)
    except BadAssertion:
        return False
    return True
