"""Letting go of what has served its purpose."""

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session

from accounts.models import EmailCode

# Long enough to answer a person who asks why a code did not work.
CODES_KEPT = timedelta(days=1)


def forget_expired(*, now: datetime) -> None:
    """Delete ended sessions, and mailed codes with the addresses nobody confirmed."""
    Session.objects.filter(expire_date__lt=now).delete()
    EmailCode.objects.filter(expires_at__lt=now - CODES_KEPT).delete()
