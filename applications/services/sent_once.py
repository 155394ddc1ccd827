"""The ledger of sent notices, written in the transaction that enqueues the mail."""

from datetime import datetime

from applications.models import SentNotice


def once(notice: str, about: object, key: str, *, now: datetime) -> bool:
    """Record the notice in the ledger; return False if it is there already."""
    _row, new = SentNotice.objects.get_or_create(
        notice=notice, about=str(about), key=key, defaults={"sent_at": now}
    )
    return new


def about_whom(notice: str, key: str) -> set[str]:
    """Return the subjects (`about`) for which the notice with this key is recorded as sent."""
    return set(SentNotice.objects.filter(notice=notice, key=key).values_list("about", flat=True))
