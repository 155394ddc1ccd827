"""Certificates in force whose registers are about to change."""

import pytest
from django.test import Client

from accounts import access
from certportal.dev.builders import people
from certportal.foundation import clock


@pytest.fixture
def desk(raimo):
    """The browser of Raimo, a reviewer."""
    return people.log_in(Client(), raimo)


@pytest.fixture
def stale(desk):
    """The same, long after the second factor was proven."""
    session = desk.session
    session[access.SECOND_FACTOR] = (clock.now() - 2 * access.SECOND_FACTOR_LASTS).isoformat()
    session.save()
    return desk
