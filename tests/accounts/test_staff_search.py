"""The superusers' search for a person."""

import pytest
from django.urls import reverse
from django.utils import translation

from accounts.views import staff
from tests.applications.console.conftest import Desk

pytestmark = pytest.mark.django_db


def test_a_search_that_finds_more_people_than_it_lists_says_so(sofia, riitta, raimo, monkeypatch):
    with translation.override("en"):
        page, desk = f"{reverse('staff:staff')}?q=ratkaisija", Desk(sofia)
        assert "2 persons found" in desk.client.get(page).text
        monkeypatch.setattr(staff, "MOST_FOUND", 1)
        assert "More than 1 people found; the first are shown." in desk.client.get(page).text
