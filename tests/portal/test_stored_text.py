"""What somebody wrote is shown as text wherever it goes, and steers no mail."""

import csv
import io
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from applications import services
from certportal.dev.builders import orders, people
from certportal.dev.builders.orders import CONTACT
from certportal.foundation import clock
from tests.portal.inline import Inline, places

SCRIPT = """'"><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}{% now "Y" %}"""
FORMULA = '=HYPERLINK("http://evil.example";"x")'
PHARMACY = "9900001-8"


@pytest.fixture
def mallory(sample, now):
    """The administrator of the pharmacy, by a name that is a script."""
    person = people.make_founder("Mallory Ilkeä", PHARMACY, now=now)
    person.given_name, person.family_name = SCRIPT, FORMULA
    person.save()
    return person


@pytest.fixture
def order(mallory):
    """Mallory's order with a script in every text, on its way to a reviewer."""
    texts = dict.fromkeys(("technical_name", "technical_organisation", "deputy_name"), SCRIPT)
    application = orders.draft(mallory)
    orders.name_contact(mallory, application, CONTACT | texts | {"deputy_email": "d@example.fi"})
    who = {"contact_name": SCRIPT, "contact_email": "m@example.fi"}
    seen = orders.Handler(mallory, application).seen
    services.save_section(application.pk, "contact", who, **seen)
    orders.upload(mallory, application, orders.openssl_csr())
    orders.submit(mallory, application)
    orders.drain()
    return application


def ask_for_more(order, riitta):
    """Let the reviewer claim the case and ask with a script for words."""
    services.claim(order.pk, person=riitta, **orders.Handler(riitta, order).seen)
    orders.drain()
    place = reverse("console:ask", args=[order.pk])
    order.refresh_from_db()
    form = {"version": order.version, "sections": ["contact"], "reason": SCRIPT, "send": "1"}
    deadline = f"{clock.day(clock.now()) + timedelta(days=14):%d.%m.%Y}"
    answer = people.log_in(Client(), riitta).post(place, form | {"deadline": deadline})
    assert answer.status_code == 302
    orders.drain()


def test_a_stored_script_is_text_on_every_page(order, mallory, riitta, cas, now):
    ask_for_more(order, riitta)
    sofia = people.make_superuser("Sofia Suurkäyttäjä")
    seen = 0
    for person, console in ((mallory, False), (riitta, True), (sofia, False)):
        client = people.log_in(Client(), person)
        own = reverse("staff:staff") + "?q=script" if person == sofia else None
        for place in [*places(order, console=console), *filter(None, [own])]:
            answer = client.get(place)
            if not answer.headers["Content-Type"].startswith("text/html"):
                continue
            assert "<script>alert" not in answer.text, place
            assert "<img src=x" not in answer.text, place
            assert Inline(answer.text).found == [], place
            seen += "&lt;script&gt;alert(1)" in answer.text
            if "&lt;script&gt;alert(1)" in answer.text:
                assert "{{7*7}}" in answer.text, place
    assert seen > 8


def test_a_stored_script_is_text_in_every_mail(order, riitta, cas):
    ask_for_more(order, riitta)
    assert any(SCRIPT in one.body for one in mail.outbox)
    for one in mail.outbox:
        for alternative in getattr(one, "alternatives", []):
            assert "<script>alert" not in alternative.content
            assert "<img src=x" not in alternative.content


def test_a_formula_is_text_in_the_spreadsheet(order, riitta):
    text = people.log_in(Client(), riitta).get(reverse("console:queue_csv")).getvalue()
    rows = list(csv.reader(io.StringIO(text.decode("utf-8-sig")), delimiter=";"))
    cells = [cell for row in rows for cell in row]
    assert cells
    assert [one for one in cells if one.startswith(("=", "+", "-", "@", "\t", "\r"))] == []


@pytest.mark.parametrize("breaks", ["\r\n", "\u2028"])
@pytest.mark.parametrize("field", ["technical_name", "technical_email", "mailbox", "deputy_email"])
def test_a_line_break_in_a_field_makes_no_header(matti, field, breaks):
    application = orders.draft(matti)
    form = CONTACT | {"deputy_name": "Daavid", "deputy_email": "d@example.fi"}
    orders.name_contact(matti, application, form)
    application.refresh_from_db()
    value = form[field] + breaks + "Bcc: e@evil.example"
    part = "delivery" if field == "mailbox" else "technical"
    place = reverse("applications:part", args=[application.pk, part])
    changed = form | {field: value, "version": application.version}
    assert people.log_in(Client(), matti).post(place, changed).status_code in {200, 302}
    orders.upload(matti, application, orders.openssl_csr())
    orders.submit(matti, application)
    orders.drain()
    assert mail.outbox
    for one in mail.outbox:
        assert one.recipients() == one.to
        assert "evil.example" not in " ".join(one.to)
        message = one.message()
        assert message["Bcc"] is None
        assert "\n" not in message["Subject"].replace("\n ", "")
