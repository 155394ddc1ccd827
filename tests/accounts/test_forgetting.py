"""What is kept no longer than it is needed."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts import tasks
from accounts.services.people import erase
from certportal.dev.builders.people import NOW, log_in, make_login, make_person

pytestmark = pytest.mark.django_db


def test_ended_sessions_go_and_the_others_stay(client):
    log_in(client, make_person("Aino Ahkera"))
    now = timezone.now()

    tasks.forget_expired()
    assert Session.objects.count() == 1

    erase.forget_expired(now=now + timedelta(days=2))
    assert not Session.objects.exists()


def test_person_keeps_the_confirmed_address():
    aino = make_person("Aino Ahkera")

    erase.forget_expired(now=NOW + timedelta(days=30))

    aino.refresh_from_db()
    assert aino.email == "aino@example.fi"
    assert make_login("Aino Ahkera").person == aino
