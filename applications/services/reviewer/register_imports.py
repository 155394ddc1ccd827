"""Letting through an import of a register that stopped because too many units would end."""

from datetime import datetime

from django.db import transaction

from accounts.models import Person
from accounts.register.mirror import imports
from accounts.register.models import RegisterRun
from applications.rules import impartiality
from certportal.foundation.actors import Actor


@transaction.atomic
def accept_held_import(
    run_id: int, *, reason: str, person: Person, actor: Actor, now: datetime
) -> RegisterRun:
    """Accept a held run as `imports.accept_held` does. Raises NotReviewer, and what that raises."""
    run = imports.accept_held(run_id, reason=reason, actor=actor, now=now)
    impartiality.require_reviewer(person)
    return run
