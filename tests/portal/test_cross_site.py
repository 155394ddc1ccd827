"""Other sites' pages send nothing here: every form wants its token, and to come from us."""

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from certportal.dev.builders import orders, people
from certportal.foundation.models import Event
from certportal.foundation.web.unsent import FIELD
from tests.isolation.forms import Form
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
            assert "not_sent.html" in [one.name for one in answer.templates], entry


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
            answer = client.post(entry.somewhere, headers=told)
            assert answer.status_code == 403, entry
            assert "not_sent.html" in [one.name for one in answer.templates], entry


def test_whose_form_came_from_another_site_reads_so(matti):
    place = OldTab(matti).page.replace("/fi/", "/en/")
    late, lured = (
        people.log_in(Client(enforce_csrf_checks=True), matti).post(place, headers=told).text
        for told in ({"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "cross-site"})
    )
    long, other = "The page had been open too long", "The form came from another site"
    assert (late.count(long), late.count(other)) == (2, 0)
    assert (lured.count(long), lured.count(other)) == (0, 2)


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


class OldTab:
    """Matti's page on the contact of a draft, opened before he logged in again in another tab."""

    def __init__(self, matti):
        self.draft = orders.draft(matti)
        self.page = reverse("applications:part", args=[self.draft.pk, "contact"])
        self.client = people.log_in(Client(enforce_csrf_checks=True), matti)
        self.fields = Form(self.client.get(self.page).text).fields
        self.cookie = self.client.cookies[settings.CSRF_COOKIE_NAME].value
        del self.client.cookies[settings.CSRF_COOKIE_NAME]  # a login gives another one
        self.client.get(self.page)

    def send(self, headers, **values):
        return self.client.post(self.page, self.fields | values, headers=headers)


BUTTON = "csrfmiddlewaretoken"
OURS = [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://testserver"}]


@pytest.mark.parametrize("told", OURS)
def test_what_was_written_before_a_login_in_another_tab_is_shown_and_can_be_sent(matti, told):
    tab = OldTab(matti)
    late = tab.send(told, contact_name="Maija Meikäläinen")
    assert late.status_code == 403
    assert "Maija Meikäläinen" in late.text and str(matti) in late.text
    again = {name: values[0] for name, values in Form(late.text).fields.items()}
    sent = tab.client.post(tab.page, again, headers=told)
    assert sent.status_code == 302
    tab.draft.refresh_from_db()
    assert tab.draft.contact_name == "Maija Meikäläinen"


@pytest.mark.parametrize("told", OURS)
def test_what_was_written_before_the_session_ended_is_shown_and_sent_after_a_login(matti, told):
    tab = OldTab(matti)
    tab.client.logout()
    tab.client.cookies[settings.CSRF_COOKIE_NAME] = tab.cookie
    late = tab.send(told, contact_name="Maija Meikäläinen")
    assert late.status_code == 403
    assert "Maija Meikäläinen" in late.text and str(matti) not in late.text
    assert f'href="{reverse("accounts:login")}" target="_blank"' in late.text
    assert f'class="letter">{tab.fields[FIELD][0]}' not in late.text
    people.log_in(tab.client, matti)
    del tab.client.cookies[settings.CSRF_COOKIE_NAME]
    for status in (403, 302):  # the login in another tab has changed the token
        again = {name: values[0] for name, values in Form(late.text).fields.items()}
        late = tab.client.post(tab.page, again, headers=told)
        assert late.status_code == status
    tab.draft.refresh_from_db()
    assert tab.draft.contact_name == "Maija Meikäläinen"


def test_a_session_that_ended_shows_nothing_that_another_site_may_have_written(matti):
    tab = OldTab(matti)
    tab.client.logout()
    tab.client.cookies[settings.CSRF_COOKIE_NAME] = tab.cookie
    late = tab.send({}, contact_name="Maija Meikäläinen")
    assert (late.status_code, late.url) == (302, f"{reverse('accounts:login')}?unsaved=1")


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://testserver"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
        {"Origin": "https://testserver"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_what_another_site_may_have_written_gets_no_button_of_ours(matti, told):
    late = OldTab(matti).send(told, contact_name="Maija Meikäläinen")
    assert late.status_code == 403
    assert "Maija" not in late.text and BUTTON not in late.text


@pytest.mark.parametrize(
    "secret",
    [
        {"code": "1234 5678"},
        {"credential": '{"id": "1234 5678"}'},
        {"file": SimpleUploadedFile("1234 5678.txt", b"x")},
        {"text": "-----BEGIN PRIVATE KEY-----\n1234 5678\n-----END PRIVATE KEY-----"},
        {"understood": "on"},  # what one understands stands on the form's own page
    ],
)
def test_texts_beside_a_file_a_secret_or_a_confirmation_are_shown_for_copying_alone(matti, secret):
    late = OldTab(matti).send(OURS[0], contact_name="Maija Meikäläinen", **secret)
    assert "Maija Meikäläinen" in late.text
    assert "1234 5678" not in late.text and BUTTON not in late.text


def test_a_button_without_texts_is_not_offered_again(matti):
    tab = OldTab(matti)
    page = reverse("applications:discard", args=[tab.draft.pk])
    given = {"version": tab.draft.version, FIELD: tab.fields[FIELD]}
    late = tab.client.post(page, given, headers=OURS[0])
    assert late.status_code == 403
    assert BUTTON not in late.text


def test_nobody_is_offered_what_another_person_wrote_in_the_same_browser(matti, maija):
    tab = OldTab(matti)
    tab.client = people.log_in(tab.client, maija)
    late = tab.send(OURS[0], contact_name="Matti Meikäläinen")
    assert late.status_code == 403
    assert "Matti" not in late.text and BUTTON not in late.text


def test_a_form_of_a_million_dashes_is_answered(db):
    """It took hours to look in them for what a private key begins with."""
    form = {"text": "AGE-SECRET-KEY-1" + "-" * 900_000}
    late = Client(enforce_csrf_checks=True).post("/en/orders/", form, headers=OURS[0])
    assert late.status_code == 403
    assert "AGE" not in late.text


def test_trace_tells_nothing_of_the_request(riitta):
    client = people.log_in(Client(), riitta)
    for entry in TABLE:
        answer = client.generic("TRACE", entry.somewhere, headers={"X-Secret": "told-to-nobody"})
        assert b"told-to-nobody" not in b"".join(answer), entry
