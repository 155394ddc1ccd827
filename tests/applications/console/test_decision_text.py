"""The reviewer reads the decision before it is made, and afterwards."""

import pytest
from django.test import Client
from django.urls import reverse

from applications import services
from applications.models import Decision
from certportal.dev.builders import orders, people


@pytest.fixture
def case(matti, riitta, cas):
    return orders.claimed(matti, riitta)


@pytest.fixture
def web(riitta):
    return people.log_in(Client(), riitta)


def read(web, case) -> str:
    return web.get(reverse("console:decision", args=[case.pk])).content.decode()


def test_before_approving_it_tells_what_the_applicant_would_get(web, case, riitta):
    orders.give_evidence(riitta, case)
    place = reverse("console:decision", args=[case.pk])
    assert place in web.get(reverse("console:approve", args=[case.pk])).content.decode()
    page = read(web, case)
    assert "This will be the decision if the certificate is approved today." in page
    assert "Hakemus hyväksytään." in page
    assert "Sovelletut säännökset" in page
    assert page.count("<h1") == 1
    assert not Decision.objects.exists()


def test_afterwards_it_tells_what_was_decided(web, case, riitta):
    seen = orders.Handler(riitta, case).seen
    services.reject(
        case.pk, reasons="Verkkotunnus ei ole hakijan.", **orders.UNHEARD, person=riitta, **seen
    )
    assert (
        reverse("console:decision", args=[case.pk])
        in web.get(reverse("console:case", args=[case.pk])).content.decode()
    )
    page = read(web, case)
    assert "This decision was made." in page
    assert "Hakemus hylätään." in page
    assert "Verkkotunnus ei ole hakijan." in page


def test_words_of_a_person_are_shown_not_run(web, case, riitta):
    seen = orders.Handler(riitta, case).seen
    services.reject(
        case.pk, reasons="<script>x()</script>", **orders.UNHEARD, person=riitta, **seen
    )
    assert "<script>x()" not in read(web, case)


def test_a_draft_has_no_decision(web, matti):
    place = reverse("console:decision", args=[orders.draft(matti).pk])
    assert web.get(place).status_code == 404
