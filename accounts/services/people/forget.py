"""Letting go of what has served its purpose."""

from datetime import datetime

from django.contrib.sessions.models import Session

from accounts.models import Arrival


def forget_expired(*, now: datetime) -> None:
    """Delete ended sessions, and used answers of the provider.

    What is kept by the table of retention goes with the nightly job that carries it out.
    """
    Session.objects.filter(expire_date__lt=now).delete()
    Arrival.objects.filter(expires_at__lt=now).delete()
