"""Logged-in people and the addresses of their pages."""

import pytest
from django.urls import reverse
from django.utils import translation


@pytest.fixture
def address():
    """Return the Finnish, Swedish or English address of a page of an order."""

    def make(name: str, *args, language: str = "en") -> str:
        with translation.override(language):
            return reverse(name, args=args)

    return make
