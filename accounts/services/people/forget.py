"""Deleting expired sessions and SAML answers."""

from datetime import datetime

from django.contrib.sessions.models import Session

from accounts.models import Arrival


def forget_expired(*, now: datetime) -> None:
    """Delete expired Django sessions and expired answers of the identification provider.

    Data with a retention period is deleted by the nightly retention job instead.
    """
    Session.objects.filter(expire_date__lt=now).delete()
    Arrival.objects.filter(expires_at__lt=now).delete()
