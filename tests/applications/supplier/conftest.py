"""A supplier, Valma's organisation, and the consents of two customers."""

import pytest
from django.test import Client

from certportal.dev.builders import people
from tests.suppliers import consent


@pytest.fixture
def given(matti, valma):
    """The pharmacy's consent."""
    return consent(matti, valma)


@pytest.fixture
def also_given(kalle, valma):
    """The clinics' consent."""
    return consent(kalle, valma)


@pytest.fixture
def web(valma):
    """Valma's browser."""
    return people.log_in(Client(), valma)
