"""The mailbox of an e-mail certificate is proven by a code mailed to it and typed back."""

from datetime import timedelta

import pytest
from cryptography import x509
from django.core import mail
from django.test import Client

from applications import services
from applications.checks import order_names
from applications.documents.certificate_files import certificate_of
from applications.errors import NotPossible
from applications.rules import mailbox_code, sections
from applications.services.applicant import mailbox as mailbox_applicant
from certportal.dev.builders import orders, people
from certportal.foundation import clock
from certportal.foundation.errors import TooMany
from certportal.foundation.models import OutboxItem
from certportal.foundation.web import tokens


@pytest.fixture
def draft(matti):
    """An order of an e-mail certificate, its mailbox proven."""
    return orders.draft(matti, "email")


@pytest.fixture
def asked(matti, draft):
    """The same order; a code has just been mailed to another mailbox."""
    seen = orders.Handler(matti, draft).seen
    services.ask_mailbox_code(draft.pk, "info@example.fi", **seen)
    draft.refresh_from_db()
    return draft


def type_code(person, application, code, **more):
    seen = orders.Handler(person, application).seen | more
    return services.prove_mailbox(application.pk, code, **seen)


def missing(application):
    return [section.id for section in sections.missing(application, on=clock.day(clock.now()))]


def test_the_certificate_carries_the_proven_mailbox(matti, riitta, cas):
    application = orders.delivered(matti, riitta, "email")
    certificate = x509.load_der_x509_certificate(bytes(certificate_of(application).der))
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert found.get_values_for_type(x509.RFC822Name) == [orders.MAILBOX]
    assert found.get_values_for_type(x509.DNSName) == []


def test_a_code_of_a_draft_that_is_gone_is_not_sent(matti, asked):
    services.discard(asked.pk, **orders.Handler(matti, asked).seen)
    mail.outbox.clear()
    orders.drain()
    assert not mail.outbox
    assert not OutboxItem.objects.filter(done_at=None).exists()


def test_the_code_goes_to_the_mailbox_and_proves_it(matti, asked):
    orders.drain()
    (message,) = [one for one in mail.outbox if one.to == ["info@example.fi"]]
    code = mailbox_code.digits(asked)
    assert tokens.readable(code) in message.subject
    assert tokens.readable(code) in message.body
    # Whoever reads the shared mailbox need not be the one who orders.
    assert "anna koodi hänelle" in " ".join(message.body.split())
    type_code(matti, asked, code)
    asked.refresh_from_db()
    assert "mailbox_proof" not in missing(asked)


def test_another_mailbox_must_be_proven_anew(asked):
    assert "mailbox_proof" in missing(asked)
    rules = [finding.rule for finding in order_names.check(asked, now=clock.now())]
    assert rules[0] == "order.mailbox"


def test_a_wrong_code_proves_nothing_and_is_counted(matti, asked):
    right = mailbox_code.digits(asked)
    for _ in range(mailbox_applicant.MOST_TRIES):
        with pytest.raises(mailbox_applicant.WrongMailboxCode):
            type_code(matti, asked, "00000000" if right != "00000000" else "1")
    with pytest.raises(mailbox_applicant.WrongMailboxCode):
        type_code(matti, asked, right)


def test_a_code_expires(matti, asked):
    late = clock.now() + mailbox_applicant.LASTS + timedelta(seconds=1)
    with pytest.raises(mailbox_applicant.WrongMailboxCode):
        type_code(matti, asked, mailbox_code.digits(asked), now=late)


def test_a_code_lasts_no_longer_because_a_clock_was_ahead(matti, asked):
    early = clock.now() - timedelta(minutes=1)
    with pytest.raises(mailbox_applicant.WrongMailboxCode):
        type_code(matti, asked, mailbox_code.digits(asked), now=early)


def test_only_the_newest_code_counts(matti, asked):
    old = mailbox_code.digits(asked)
    services.ask_mailbox_code(asked.pk, "info@example.fi", **orders.Handler(matti, asked).seen)
    with pytest.raises(mailbox_applicant.WrongMailboxCode):
        type_code(matti, asked, old)


@pytest.mark.usefixtures("still")
def test_a_mailbox_is_not_flooded(matti, asked):
    again = {"address": "info@example.fi"}
    for _ in range(mailbox_applicant.MOST_CODES - 2):
        services.ask_mailbox_code(asked.pk, **again, **orders.Handler(matti, asked).seen)
    with pytest.raises(TooMany):
        services.ask_mailbox_code(asked.pk, **again, **orders.Handler(matti, asked).seen)


@pytest.mark.usefixtures("still")
def test_a_mailbox_is_the_same_in_capitals_and_for_other_orders(matti, asked):
    def ask(address):
        other = orders.begin(matti, "email")
        services.ask_mailbox_code(other.pk, address, **orders.Handler(matti, other).seen)

    for _ in range(mailbox_applicant.MOST_CODES - 1):
        ask("INFO@example.fi")
    with pytest.raises(TooMany):
        ask("Info@Example.fi")


@pytest.mark.usefixtures("still")
def test_nobody_keeps_others_from_proving_their_mailbox(matti, kalle, asked):
    """Kalle, of another organisation, has code after code mailed to Matti's mailbox."""
    for _ in range(mailbox_applicant.MOST_CODES):
        other = orders.begin(kalle, "email")
        seen = orders.Handler(kalle, other).seen
        services.ask_mailbox_code(other.pk, "info@example.fi", **seen)
    before, seen = asked.certified_email_code, orders.Handler(matti, asked).seen
    services.ask_mailbox_code(asked.pk, "info@example.fi", **seen)
    asked.refresh_from_db()
    assert asked.certified_email_code != before


def test_other_types_have_no_mailbox(matti):
    server = orders.draft(matti)
    with pytest.raises(NotPossible):
        services.ask_mailbox_code(server.pk, "a@example.fi", **orders.Handler(matti, server).seen)


def test_changing_the_type_clears_the_mailbox(matti, draft):
    seen = orders.Handler(matti, draft).seen
    changed = services.save_section(draft.pk, "type", {"type": "system_signature"}, **seen)
    assert (changed.certified_email, changed.certified_email_proved_at) == ("", None)


def test_matti_proves_it_on_the_page(matti, draft):
    web, page = people.log_in(Client(), matti), f"/en/orders/{draft.pk}/part/mailbox_proof/"
    assert "is confirmed" in web.get(page).content.decode()
    given = {"certified_email": "Rekisteri@example.fi", "version": draft.version}
    assert web.post(page, given)["Location"] == page
    draft.refresh_from_db()
    assert "We sent a code to rekisteri@example.fi" in web.get(page).content.decode()
    wrong = web.post(page, {"code": "1", "version": draft.version})
    assert "The code is wrong or has expired" in wrong.content.decode()
    code = mailbox_code.digits(draft)
    given = {"code": f"{code[:4]} {code[4:]}", "version": draft.version}
    assert web.post(page, given).status_code == 302
    draft.refresh_from_db()
    assert draft.certified_email_proved_at is not None


@pytest.mark.parametrize("address", ["käyttö@example.fi", "a" * 60 + "@example.fi", "kirjaamo"])
def test_an_address_a_certificate_cannot_carry_is_refused_on_the_page(matti, draft, address):
    web, page = people.log_in(Client(), matti), f"/en/orders/{draft.pk}/part/mailbox_proof/"
    answer = web.post(page, {"certified_email": address, "version": draft.version})
    assert answer.status_code == 200
    draft.refresh_from_db()
    assert draft.certified_email == orders.MAILBOX
