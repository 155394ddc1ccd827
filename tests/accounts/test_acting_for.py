"""A form acts for the organisation that its page named, whatever another tab has chosen since."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Invitation
from applications.models import Application
from certportal.dev.builders import people
from tests.isolation.forms import Form

CLINICS = "9900008-5"
CHOOSE = reverse("accounts:choose")
OURS = {"HTTP_SEC_FETCH_SITE": "same-origin", "HTTP_ORIGIN": "http://testserver"}
UUNO = {"email": "uuno@example.fi", "role": "administrator", "language": "fi"}


@pytest.fixture
def clinics(matti, now):
    """Another organisation, whose account Matti has founded too."""
    return people.found_account(matti, CLINICS, now=now)


@pytest.fixture
def tabs(matti, pharmacy, clinics):
    """Matti's browser; he acts for the pharmacy."""
    client = people.log_in(Client(), matti)
    client.post(CHOOSE, {"organisation": str(pharmacy.pk)})
    return client


def opened(tabs, name):
    """Return address and fields of a page opened for the pharmacy."""
    place = reverse(name)
    fields = Form(tabs.get(place).text).fields
    return place, fields


def choose(tabs, organisation):
    assert tabs.post(CHOOSE, {"organisation": str(organisation.pk)}).status_code == 302


def test_an_invitation_is_to_the_account_that_its_page_named(tabs, pharmacy, clinics):
    place, fields = opened(tabs, "accounts:invite")
    choose(tabs, clinics)
    sent = tabs.post(place, fields | UUNO, follow=True)
    assert Invitation.objects.get().organisation == pharmacy
    assert sent.wsgi_request.organisation == pharmacy
    assert "Asioit nyt tämän organisaation puolesta: Helsingin VI apteekki." in sent.text


def test_an_order_is_begun_for_the_organisation_that_its_page_named(tabs, pharmacy, clinics):
    place, fields = opened(tabs, "applications:new")
    choose(tabs, clinics)
    assert tabs.post(place, fields | {"type": "server"}).status_code == 302
    assert Application.objects.get().organisation == pharmacy


def test_it_is_the_account_of_the_page_that_one_leaves(tabs, matti, maija, pharmacy, clinics):
    maija.memberships.update(role="administrator")
    place, fields = opened(tabs, "accounts:leave")
    choose(tabs, clinics)
    assert tabs.post(place, fields).status_code == 302
    assert [one.organisation for one in matti.memberships.filter(ended_at=None)] == [clinics]


def test_nothing_is_sent_for_whom_one_no_longer_acts(tabs, matti, pharmacy, clinics, now):
    place, fields = opened(tabs, "accounts:invite")
    matti.memberships.filter(organisation=pharmacy).update(ended_at=now)
    answer = tabs.post(place, fields | UUNO)
    assert answer.status_code == 409
    assert "Et enää asioi sen organisaation puolesta" in answer.text
    assert not Invitation.objects.exists()


def test_who_sends_another_person_s_page_is_told_so(tabs, now):
    """In one browser, one after the other: the page says nothing of whom they act for."""
    place, fields = opened(tabs, "accounts:invite")
    people.log_in(tabs, people.make_founder("Valma Välittäjä", "9900022-9", now=now))
    answer = tabs.post(place, fields | UUNO)
    assert answer.status_code == 409
    assert "oli kirjautuneena toinen henkilö" in answer.text
    assert not Invitation.objects.exists()


def test_after_a_new_login_the_form_still_acts_for_its_organisation(matti, pharmacy, clinics):
    tabs = people.log_in(Client(enforce_csrf_checks=True), matti)
    token = Form(tabs.get(CHOOSE).text).fields
    tabs.post(CHOOSE, token | {"organisation": str(pharmacy.pk)})
    place, fields = opened(tabs, "accounts:invite")
    tabs.cookies.pop("csrftoken")  # as a login replaces it
    token = Form(tabs.get(CHOOSE).text).fields
    tabs.post(CHOOSE, token | {"organisation": str(clinics.pk)})
    refused = tabs.post(place, fields | UUNO, **OURS)
    assert refused.status_code == 403
    assert "Lomake koskee organisaatiota Helsingin VI apteekki." in refused.text
    tabs.post(place, Form(refused.text).fields, **OURS)
    assert Invitation.objects.get().organisation == pharmacy
