"""Letting go of what has served its purpose."""

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session

from accounts.models import Arrival, EmailCode, SignOn

# Long enough to answer a person who asks why a code did not work.
CODES_KEPT = timedelta(days=1)
# No session lasts so long; one whose row is gone is ended.
SIGN_ONS_KEPT = timedelta(days=7)


def forget_expired(*, now: datetime) -> None:
    """Delete ended sessions and logins, used answers of the provider, and old mailed codes.

    With the codes go the addresses that nobody confirmed.
    """
    Session.objects.filter(expire_date__lt=now).delete()
    Arrival.objects.filter(expires_at__lt=now).delete()
    SignOn.objects.filter(begun_at__lt=now - SIGN_ONS_KEPT).delete()
    EmailCode.objects.filter(expires_at__lt=now - CODES_KEPT).delete()
