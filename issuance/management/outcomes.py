"""The outcomes of reconciling as lines for operators."""

from django.utils.translation import gettext as _

from issuance.services.recovery.reconcile import Outcome


def line(outcome: Outcome) -> str:
    """Return the line about a difference and its outcome, in the active language."""
    difference, done = outcome
    done, colon, why = done.partition(": ")
    about = f"{difference.stem} {difference.about}"
    return f"{about}: {_(difference.kind)} ({_(done)}{colon}{why})"
