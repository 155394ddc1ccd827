"""Other sites' pages send nothing here: every form wants its token, and to come from us."""

import pytest
from django.test import Client
from django.urls import reverse

from certportal.dev.builders import orders, people
from certportal.foundation.models import Event
from tests.isolation.table import TABLE

# Open to everybody: no login and no cookie is used, so none is set and no token asked for.
OPEN = {"feedback", "csr_doctor", "revoke_by_key", "revoke_by_key_sign", "verify"}
# The answer of a SAML identity provider comes from its site and proves itself by its signature.
PROVIDERS = {"identification-saml-answer"}
# Asked by our own process, without a browser, in development alone.
MACHINES = {"testidp:token"}


def test_nothing_is_changed_without_the_form_s_token(riitta):
    client = people.log_in(Client(enforce_csrf_checks=True), riitta)
    for entry in TABLE:
        if entry.name not in OPEN | PROVIDERS | MACHINES:
            answer = client.post(entry.somewhere)
            assert answer.status_code == 403, entry
            assert "403_csrf.html" in [one.name for one in answer.templates], entry


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_no_page_takes_a_method_that_no_form_has(riitta, method):
    client = people.log_in(Client(enforce_csrf_checks=True), riitta)
    for entry in TABLE:
        assert getattr(client, method)(entry.somewhere).status_code == 405, entry


@pytest.mark.parametrize(
    "told",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
    ],
)
def test_no_form_of_another_site_gets_in_with_a_token_or_to_a_form_that_is_open(riitta, told):
    client = people.log_in(Client(), riitta)
    for entry in TABLE:
        if entry.name not in PROVIDERS:
            assert client.post(entry.somewhere, headers=told).status_code == 403, entry


@pytest.mark.parametrize(
    "told", [{}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://testserver"}]
)
def test_own_pages_and_programs_get_in(db, told):
    text = orders.openssl_csr().decode()
    answer = Client().post("/en/csr/", {"text": text, "type": "server"}, headers=told)
    assert answer.status_code == 200
    assert not answer.cookies


def test_a_reviewer_lured_elsewhere_approves_nothing(matti, riitta, cas):
    case = orders.claimed(matti, riitta)
    client = people.log_in(Client(enforce_csrf_checks=True), riitta)
    page = reverse("console:approve", args=[case.pk])
    token = client.get(page).context["csrf_token"]
    form = {"version": case.version, "csrfmiddlewaretoken": str(token)}
    lured = client.post(page, form, headers={"Sec-Fetch-Site": "cross-site"})
    assert lured.status_code == 403
    assert not Event.objects.filter(object_id=str(case.pk), action__contains="approve").exists()


def test_trace_tells_nothing_of_the_request(riitta):
    client = people.log_in(Client(), riitta)
    for entry in TABLE:
        answer = client.generic("TRACE", entry.somewhere, headers={"X-Secret": "told-to-nobody"})
        assert b"told-to-nobody" not in b"".join(answer), entry
