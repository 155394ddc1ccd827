"""Which generation of issuing CA is active: at most one in each environment and branch."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused
from certportal.foundation.text.wording import filled
from issuance.event_names import IssuanceEvent
from issuance.models import IssuingCA
from issuance.services import locks
from issuance.services.signer import LoadSigner, signer_for

State = IssuingCA.State


class NotPossible(Refused):
    """The CA's state does not allow this operation. For operators."""


def start_generation(
    stem: str, *, actor: Actor, now: datetime, load_signer: LoadSigner = signer_for
) -> IssuingCA:
    """Activate a standby CA and retire the CA that was active.

    First loads and verifies the new CA's key. Raises NotPossible, SignerUnavailable.
    """
    load_signer(_find(stem))
    with transaction.atomic():
        ca = _locked(stem)
        if ca.state != State.STANDBY:
            raise NotPossible(
                filled(_("%(ca)s is not on standby; only one that is can be started"), ca=stem)
            )
        take_over(ca.environment, ca.branch, actor=actor, now=now)
        _set(ca, State.ACTIVE, actor, now)
    return ca


def retire(stem: str, *, leave_branch: bool = False, actor: Actor, now: datetime) -> IssuingCA:
    """Stop the CA from issuing, without a successor. It still publishes status.

    Raises NotPossible if nobody else could issue in its branch, unless `leave_branch`.
    """
    with transaction.atomic():
        ca = _locked(stem)
        if ca.state not in {State.ACTIVE, State.STANDBY}:
            raise NotPossible(filled(_("%(ca)s issues no more already"), ca=stem))
        if ca.state == State.ACTIVE and not leave_branch:
            raise NotPossible(_without_successor(ca))
        _set(ca, State.RETIRED, actor, now)
    return ca


def _without_successor(ca: IssuingCA) -> "str | Promise":
    successor = IssuingCA.objects.filter(
        environment=ca.environment, branch=ca.branch, state=State.STANDBY
    ).first()
    about = {"ca": ca.stem, "branch": f"{ca.environment} {ca.branch}"}
    if successor is not None:
        return filled(
            _(
                "%(ca)s issues for the branch %(branch)s: start_generation %(next)s puts its"
                " successor in its place and retires it"
            ),
            **about,
            next=successor.stem,
        )
    return filled(
        _(
            "%(ca)s is the only CA of the branch %(branch)s: without it no order of that branch is"
            " issued. Make a successor first (create_ca, docs/ceremony.md), or give --leave-branch"
        ),
        **about,
    )


def mark_revoked(stem: str, *, actor: Actor, now: datetime) -> IssuingCA:
    """Mark the CA as revoked by its root, permanently. Idempotent."""
    with transaction.atomic():
        ca = _locked(stem)
        if ca.state != State.REVOKED:
            _set(ca, State.REVOKED, actor, now)
    return ca


def take_over(environment: str, branch: str, *, actor: Actor, now: datetime) -> None:
    """Retire the active CA of this environment and branch, in the current transaction."""
    locks.hold(f"generation:{environment}:{branch}")
    before = IssuingCA.objects.select_for_update().filter(
        environment=environment, branch=branch, state=State.ACTIVE
    )
    for ca in before:
        _set(ca, State.RETIRED, actor, now)


def _find(stem: str) -> IssuingCA:
    ca = IssuingCA.objects.filter(stem=stem).first()
    if ca is None:
        raise NotPossible(filled(_("there is no CA %(ca)s"), ca=stem))
    return ca


def _locked(stem: str) -> IssuingCA:
    ca = _find(stem)
    locks.hold(f"generation:{ca.environment}:{ca.branch}")
    return IssuingCA.objects.select_for_update().get(stem=stem)


def _set(ca: IssuingCA, state: IssuingCA.State, actor: Actor, now: datetime) -> None:
    name, about = IssuanceEvent(f"issuance.ca_{state.value}"), events.Subject("issuing_ca", ca.stem)
    earlier: dict[str, Any] = {"from": ca.state}
    events.record(name, about, actor, now, **earlier)
    ca.state = state
    ca.save(update_fields=["state"])
