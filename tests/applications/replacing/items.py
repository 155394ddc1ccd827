"""The one item of a plan for one certificate."""

from applications.models import Replacement, ReplacementItem


def only(made: Replacement) -> ReplacementItem:
    """Return it as it is now."""
    return made.items.get()
