"""The settings admin opens to superusers who have identified, and to nobody else."""

import pytest
from django.test import Client

from certportal.dev.builders import people
from certportal.foundation.models import Event

PLACE = "/fi/settings/"


@pytest.fixture
def sofia(db):
    """A superuser."""
    return people.make_superuser("Sofia Suurkäyttäjä")


def test_a_superuser_sees_the_authority_s_rows(sofia):
    client = people.log_in(Client(), sofia)
    assert client.get(PLACE).status_code == 200
    assert client.get(f"{PLACE}issuance/issuingca/").status_code == 200
    assert client.get(f"{PLACE}issuance/issuingca/add/").status_code == 403


def test_nothing_stands_there_that_the_service_does_not_use(sofia):
    client = people.log_in(Client(), sofia)
    page = client.get(PLACE).text
    assert "/settings/accounts/person/" in page
    for place in ("auth/group", "account/emailaddress", "mfa/authenticator", "password_change"):
        assert place not in page
        assert client.get(f"{PLACE}{place}/").status_code == 404


def test_whoever_is_in_passes_the_door(sofia):
    answer = people.log_in(Client(), sofia).get(f"{PLACE}login/")
    assert answer["Location"] == PLACE


def test_a_visitor_is_led_to_identify_and_not_asked_for_a_password(db):
    page = Client().get(PLACE, follow=True)
    assert page.request["PATH_INFO"] == "/fi/account/login/"
    assert "password" not in page.text


@pytest.mark.parametrize("path", ["", "login/", "issuance/certificate/"])
def test_for_reviewers_and_applicants_it_does_not_exist(riitta, matti, path):
    for person in (riitta, matti):
        assert people.log_in(Client(), person).get(PLACE + path).status_code == 404
        assert Event.objects.filter(refused=True, actor=f"person:{person.pk}").exists()
