"""A reviewer signs a decision with their passkey (WebAuthn): the request and its verification.

The certificate authority verifies the assertion again before it signs, against its own register.
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
from certportal.foundation.errors import NotAllowed, Refused, Stale
from issuance.approvers.assertion import Assertion, BadAssertion
from issuance.approvers.proof import Proof
from issuance.approvers.verify_assertion import verify
from issuance.conf import proof_wanted
from issuance.models import Approval, PreparedCertificate
from issuance.services.approvers import enrolled
from issuance.services.issuing.to_sign import require


class NotSigned(Refused):
    message = _(
        "The passkey's answer does not fit what you were shown. Nothing was decided. Go back and"
        " try again."
    )


class SentAgain(NotSigned, Stale):
    message = _(
        "This answer of your passkey has arrived before, so what you confirmed may be done already."
        " See how it is now."
    )


class ProofMissing(NotAllowed):
    message = _("Approve with your passkey. A code is not enough here.")


def asked(login: User, challenge: bytes, *, rather: Collection[str] = frozenset()) -> str:
    """Return the WebAuthn request options for the login's passkeys as JSON; "" if it has none.

    If the login has passkeys with fingerprints in `rather`, only these are allowed.
    """
    return passkeys.to_sign(login, challenge, rp_id=settings.PORTAL_HOST, preferred=rather)


def has_one_of(login: User, fingerprints: Collection[str]) -> bool:
    return any(passkeys.fingerprint_of(row) in fingerprints for row in passkeys.rows(login))


def counting_login(person: Person, login: User, counting: Collection[str]) -> User:
    """Return the person's login with a passkey of these fingerprints.

    A merged person has a login for each merged record. If none has such a passkey, the login is
    chosen as for a second factor (`second_factor.login_with_factors`).
    """
    logins = [login, *person.logins.exclude(pk=login.pk).order_by("pk")]
    counting_logins = (candidate for candidate in logins if has_one_of(candidate, counting))
    return next(counting_logins, None) or second_factor.login_with_factors(person, login)


def uncounted(approvals: Iterable[Approval], attempt: PreparedCertificate) -> list[Approval]:
    """Return the approvals of the attempt that the CA will not count, as far as is known here."""
    if not proof_wanted(attempt.environment):
        return []
    counting = enrolled.fingerprints([attempt.environment])
    return [approval for approval in approvals if not _may_count(approval, counting)]


def _may_count(approval: Approval, counting: Set[str]) -> bool:
    try:
        used_id = Proof.parse(approval.assertion).assertion.credential_id
    except BadAssertion:
        return False
    authenticators = Authenticator.objects.filter(user__person=approval.person.current)
    credentials = [
        credential for credential in map(passkeys.credential_data, authenticators) if credential
    ]
    used = [
        fingerprint(credential) for credential in credentials if credential.credential_id == used_id
    ]
    # The CA judges a passkey that was removed here.
    return not used or not counting.isdisjoint(used)


def prove(
    login: User, credential: passkeys.Credential, challenge: bytes, *, actor: Actor, now: datetime
) -> Assertion:
    """Verify the browser's answer and return the assertion over the challenge.

    It also proves the second factor if it `is_first`. Raises OtherBytes for an assertion over
    another challenge, NotSigned, its kind SentAgain, and TooMany.
    """
    try:
        assertion = Assertion.of_browser(credential)
    except BadAssertion as error:
        raise NotSigned from error
    require(assertion, challenge)
    try:
        second_factor.prove_signature(
            login,
            lambda credential_data: _is_by(credential_data, assertion, challenge),
            lambda: passkeys.Touch.of(assertion.authenticator_data, assertion.client_data),
            actor=actor,
            now=now,
        )
    except second_factor.UsedAlready as error:
        raise SentAgain from error
    except second_factor.CounterWentBack as error:
        raise NotSigned(error.message) from error
    except second_factor.NotProven as error:
        raise NotSigned from error
    return assertion


def is_first(assertion: Assertion, *, person: Person, now: datetime) -> bool:
    """Return whether the person's decision made `now` is the first one stored with the assertion.

    An approval has the same challenge each time, so somebody with the session and a copy of the
    assertion could replay it without touching the passkey.
    """
    signed = assertion.to_json()
    approved = Approval.objects.filter(person=person, created_at=now)
    if approved.filter(assertion__signature=signed["signature"]).exists():
        return True
    waivers = Waiver.objects.filter(waived_by=person)
    of_same = waivers.filter(assertion__clientDataJSON=signed["clientDataJSON"])
    return [waiver.waived_at for waiver in of_same] == [now]


def _is_by(credential_data: bytes, assertion: Assertion, challenge: bytes) -> bool:
    host, origins = settings.PORTAL_HOST, [settings.PORTAL_BASE_URL]
    try:
        verify(assertion, challenge, credential=credential_data, rp_id=host, origins=origins)
    except BadAssertion:
        return False
    return True
