"""Public pages: eligibility from the registers, feedback for everybody, one data file of facts."""

import datetime
import re

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import translation

from accounts.models import Person
from accounts.register.lookup.queries import find_intermediary
from certportal.dev.builders import people
from certportal.foundation import agency, clock
from certportal.foundation.models import Event, OutboxItem
from certportal.public import feedback
from certportal.public.eligibility import ask

PHARMACY = "9900001-8"
GOOD = {"about": "accessibility", "text": "The table is hard to read.", "email": ""}


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["", "privacy/", "contact/", "accessibility/", "feedback/"])
def test_visitors_get_no_cookie(client: Client, path: str) -> None:
    """Reading and giving feedback need none."""
    response = client.get(f"/sv/{path}")
    assert response.status_code == 200
    assert not response.cookies


@pytest.mark.django_db
def test_bare_address_leads_to_the_readers_language(client: Client) -> None:
    """The browser's language decides, Finnish where it says nothing."""
    assert client.get("/")["Location"] == "/fi/"
    assert client.get("/", headers={"accept-language": "sv-FI,sv;q=0.9"})["Location"] == "/sv/"


@pytest.mark.django_db
def test_machines_files(client: Client) -> None:
    """Search engines and browsers find theirs."""
    assert "Disallow" in client.get("/robots.txt").content.decode()
    assert client.get("/favicon.ico").status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["02454372", "0245437-2", " FI02454372 "])
def test_business_id_is_read_in_any_form(client: Client, code: str) -> None:
    """An organisation that is in no register is told what to do, not that it erred."""
    content = client.get("/en/eligibility/", {"business_id": code}).content.decode()
    assert "no valid unit for business ID 0245437-2" in content
    assert "error-summary" not in content


@pytest.mark.django_db
def test_wrong_check_digit_is_an_error_of_the_field(client: Client) -> None:
    """The title says so too."""
    content = client.get("/en/eligibility/", {"business_id": "0245437-3"}).content.decode()
    assert "Check the business ID" in content
    assert re.search(r"<title>\s*Error:", content)


@pytest.mark.django_db
def test_organisation_of_nobody_cannot_apply() -> None:
    """The answer holds no name when no register knows one."""
    answer = ask("0245437-2", on=datetime.date(2026, 12, 1))
    assert (answer.name, answer.units, answer.intermediary) == ("", 0, False)


def test_organisation_in_the_register_can_apply(sample: None, client: Client) -> None:
    """The answer gives its name and how many units are valid today."""
    answer = ask(PHARMACY, on=clock.day(clock.now()))
    assert answer.units >= 1
    content = client.get("/en/eligibility/", {"business_id": PHARMACY}).content.decode()
    assert f"{answer.name} can order" in content
    assert 'class="button" href="/en/orders/new/"' in content


def test_an_intermediary_can_apply_and_is_found_in_the_search(sample: None, client: Client) -> None:
    """By name, business ID and OID; one that is in force no more is said to be so."""
    content = client.get("/en/eligibility/", {"business_id": "9900022-9"}).content.decode()
    assert 'class="button" href="/en/orders/new/"' in content
    found = find_intermediary("9900022-9", clock.day(clock.now()))
    assert found is not None
    first, *_others = found.long_name.split()
    for query in (found.long_name, first.lower()[:4], "FI99000229", found.oid):
        page = client.get("/en/register/", {"q": query}).content.decode()
        assert found.long_name in page[page.index("Kanta intermediaries") :], query
    ended = client.get("/en/register/", {"q": "9900024-5"}).content.decode()
    assert "Not in force" in ended[ended.index("Kanta intermediaries</h2>") :]


@pytest.mark.django_db(transaction=True)
def test_feedback_needs_neither_login_nor_cookie() -> None:
    """It is recorded without its text and put in the outbox with it."""
    client = Client(enforce_csrf_checks=True)
    response = client.post("/en/feedback/", GOOD)
    assert response["Location"] == "/en/feedback/sent/"
    assert not response.cookies
    event = Event.objects.get(action="feedback.given")
    assert event.data == {"about": "accessibility"}
    assert OutboxItem.objects.get(topic="feedback.given").payload["text"] == GOOD["text"]


@pytest.mark.django_db
def test_accessibility_feedback_goes_to_its_own_address(mailoutbox: list[EmailMessage]) -> None:
    """Those who answer within 14 days get it, once, with the visitor's address to answer to."""
    visitor = GOOD | {"email": "vieras@example.fi"}
    feedback.give(**visitor, address="192.0.2.1", now=clock.now())
    item = OutboxItem.objects.get(topic="feedback.given")
    feedback.mail_feedback(item=str(item.pk))
    feedback.mail_feedback(item=str(item.pk))
    (message,) = mailoutbox
    assert message.to == ["saavutettavuus@dvv.fi"]
    assert GOOD["text"] in str(message.body)
    assert "vieras@example.fi" in str(message.body)


@pytest.mark.usefixtures("still")
@pytest.mark.django_db
def test_flood_of_feedback_is_stopped(client: Client) -> None:
    """After five in an hour from one address the sixth is asked to wait."""
    for _ in range(feedback.MOST_AN_HOUR):
        assert client.post("/en/feedback/", GOOD).status_code == 302
    answer = client.post("/en/feedback/", GOOD)
    assert answer.status_code == 429
    assert "You have tried too many times." in answer.text
    assert GOOD["text"] in answer.text


@pytest.mark.django_db
def test_feedback_without_words_is_asked_for_them(client: Client) -> None:
    """Nothing is sent."""
    content = client.post("/en/feedback/", {"about": "idea"}).content.decode()
    assert "Write your feedback." in content
    assert not OutboxItem.objects.exists()


@pytest.mark.django_db
def test_whoever_knows_which_certificate_can_order_it(client: Client, matti: Person) -> None:
    """By logging in, or at once for those who are."""
    page = client.get("/en/which-certificate/").content.decode()
    assert 'class="button" href="/en/account/login/"' in page
    page = people.log_in(client, matti).get("/en/which-certificate/").content.decode()
    assert 'class="button" href="/en/orders/new/"' in page


@pytest.mark.django_db
@pytest.mark.parametrize("place", ["contact", "authorities"])
def test_every_page_leads_to_contact_and_authorities(client: Client, place: str) -> None:
    """In the footer."""
    footer = client.get("/en/eligibility/").content.decode().partition("<footer>")[2]
    assert f'href="/en/{place}/"' in footer


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_facts_are_worded_for_the_reader(language: str) -> None:
    """The agency has a name in each language; a telephone link has no spaces."""
    with translation.override(language):
        contact = agency.contact()
    assert contact["agency"] == agency.facts()["contact"]["agency"][language]
    assert contact["post"].startswith({"fi": "PL", "sv": "PB", "en": "PO Box"}[language])
    assert " " not in contact["phone_link"]


def test_known_gap_is_told_in_the_readers_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gap written in the data file appears on the statement."""
    gap = {"criterion": "1.4.10", "text": {"fi": "Taulukko", "sv": "Tabell", "en": "Table"}}
    statement = {"made": None, "updated": None, "gaps": [gap]}
    monkeypatch.setattr(agency, "facts", lambda: {"accessibility": statement})
    with translation.override("sv"):
        assert agency.accessibility()["gaps"][0]["text"] == "Tabell"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "place",
    [
        *["/.git/HEAD", "/.git/config", "/manage.py", "/.env", "/requirements.txt", "/var/"],
        *["/static/", "/static/portal/", "/static/.git/HEAD", "/static/../manage.py"],
        *["/static/%2e%2e/manage.py", "/crl/", "/ocsp/", "/attachments/", "/media/"],
    ],
)
def test_no_folder_is_listed_and_nothing_of_the_repository_served(
    client: Client, place: str
) -> None:
    answer = client.get(place)
    assert answer.status_code in {301, 302, 404, 405}
    if answer.status_code in {301, 302}:
        assert client.get(place, follow=True).status_code == 404
