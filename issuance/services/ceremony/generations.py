"""Which generation issues: one at most of each environment and branch."""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused
from issuance.models import IssuingCA
from issuance.services import locks
from issuance.services.signing import signer_for
from issuance.signers import Signer

State = IssuingCA.State


class NotPossible(Refused):
    """The CA is not in a state from which this can be done. For operators, in English."""


def start_generation(
    stem: str,
    *,
    actor: Actor,
    now: datetime,
    load_signer: Callable[[IssuingCA], Signer] = signer_for,
) -> IssuingCA:
    """Let the CA on standby issue, in the place of the one that does; that one is retired.

    Its key is tried first. Raises NotPossible, SignerUnavailable.
    """
    load_signer(_find(stem))
    with transaction.atomic():
        ca = _locked(stem)
        if ca.state != State.STANDBY:
            raise NotPossible(f"{stem} is {ca.state}; only one on standby can be started")
        take_over(ca.environment, ca.branch, actor=actor, now=now)
        _set(ca, State.ACTIVE, actor, now)
    return ca


def retire(stem: str, *, actor: Actor, now: datetime) -> IssuingCA:
    """Stop the CA from issuing, with nobody in its place. It goes on publishing status."""
    with transaction.atomic():
        ca = _locked(stem)
        if ca.state not in {State.ACTIVE, State.STANDBY}:
            raise NotPossible(f"{stem} is {ca.state} already")
        _set(ca, State.RETIRED, actor, now)
    return ca


def mark_revoked(stem: str, *, actor: Actor, now: datetime) -> IssuingCA:
    """Note that the CA's own certificate is on its root's list. For good. Idempotent."""
    with transaction.atomic():
        ca = _locked(stem)
        if ca.state != State.REVOKED:
            _set(ca, State.REVOKED, actor, now)
    return ca


def take_over(environment: str, branch: str, *, actor: Actor, now: datetime) -> None:
    """Retire the CA that issues in this environment and branch, in the transaction at hand."""
    locks.hold(f"generation:{environment}:{branch}")
    before = IssuingCA.objects.select_for_update().filter(
        environment=environment, branch=branch, state=State.ACTIVE
    )
    for ca in before:
        _set(ca, State.RETIRED, actor, now)


def _find(stem: str) -> IssuingCA:
    ca = IssuingCA.objects.filter(stem=stem).first()
    if ca is None:
        raise NotPossible(f"there is no CA {stem}")
    return ca


def _locked(stem: str) -> IssuingCA:
    ca = _find(stem)
    locks.hold(f"generation:{ca.environment}:{ca.branch}")
    return IssuingCA.objects.select_for_update().get(stem=stem)


def _set(ca: IssuingCA, state: IssuingCA.State, actor: Actor, now: datetime) -> None:
    events.record(
        f"issuance.ca_{state.value}",
        actor=actor,
        now=now,
        object_type="issuing_ca",
        object_id=ca.stem,
        data={"from": ca.state},
    )
    ca.state = state
    ca.save(update_fields=["state"])
