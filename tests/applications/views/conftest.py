"""Logged-in people and the addresses of their pages."""

import pytest
from django.urls import reverse
from django.utils import translation

from certportal.dev.builders import people


@pytest.fixture
def address():
    """Return the Finnish, Swedish or English address of a page of an order."""

    def make(name: str, *args, language: str = "en") -> str:
        with translation.override(language):
            return reverse(name, args=args)

    return make


@pytest.fixture
def liisa(sample, now):
    """The administrator of a county's account."""
    return people.make_founder("Liisa Lakeus", "9900009-3", now=now)
