"""A delivered order, whose certificate is to be replaced."""

import pytest
from django.core import mail

from certportal.dev.builders import orders


@pytest.fixture
def order(matti, riitta, cas):
    """Matti's delivered server certificate."""
    made = orders.delivered(matti, riitta)
    mail.outbox.clear()
    return made
