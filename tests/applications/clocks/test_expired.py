"""The last mail about a certificate: that it has expired, and no new one is in its place."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import Membership
from applications import services
from applications.documents.certificate_files import certificate_of
from applications.models import Application
from applications.rules import reminders
from certportal.dev.builders import bulk, orders
from certportal.foundation.actors import system
from issuance import services as authority
from tests.applications.renewals import renew

EXPIRED = "on vanhentunut"


def after(application, days: int):
    return certificate_of(application).not_after + timedelta(days=days, hours=3)


def told(post, at):
    services.remind_of_expiry(now=at)
    return {message.to[0]: message for message in post(at)}


def ended(post, at):
    return [one for one in told(post, at).values() if EXPIRED in one.subject]


@pytest.mark.parametrize(
    ("language", "subject", "words"),
    [
        ("fi", "Varmenne on vanhentunut: ", "eikä sen tilalle ole toimitettu uutta"),
        ("sv", "Certifikatet har gått ut: ", "inget nytt har levererats i dess ställe"),
        ("en", "The certificate has expired: ", "no new one has been delivered in its place"),
    ],
)
def test_those_who_were_reminded_read_once_that_it_has_expired(
    order, maija, post, language, subject, words
):
    Membership.objects.filter(person=maija).update(role=Membership.Role.ADMINISTRATOR)
    technician = {"technical_email": "teemu@it.example", "technical_language": language}
    Application.objects.filter(pk=order.pk).update(technical_name="Teemu", **technician)
    mails = told(post, after(order, 0))
    readers = {"matti@example.fi", "tekniikka@example.fi", "teemu@it.example", maija.email}
    assert set(mails) == readers
    of_teemu = mails["teemu@it.example"]
    assert of_teemu.subject == f"{subject}erecept.example.fi ({order.number})"
    assert words in " ".join(of_teemu.body.split())
    assert certificate_of(order).serial in of_teemu.body
    for one in mails.values():
        assert reverse("applications:again", args=[order.pk]).partition("/orders")[2] in one.body
    assert told(post, after(order, 1)) == {}


def test_after_an_outage_it_is_still_told_for_some_days_and_not_for_ever(order, post):
    assert told(post, after(order, reminders.ENDED_LATELY.days)) == {}
    assert told(post, after(order, reminders.ENDED_LATELY.days - 1))


def test_nobody_is_told_of_what_was_renewed_or_revoked(order, matti, riitta, post):
    later = renew(matti, riitta)
    assert ended(post, after(order, 0)) == []
    actor = system("test")
    authority.revoke(certificate_of(later).pk, "superseded", actor=actor, now=after(order, -9))
    authority.revoke(certificate_of(order).pk, "superseded", actor=actor, now=after(order, -9))
    assert ended(post, after(order, 0)) == []


def test_what_is_renewed_while_the_mail_waits_is_not_said_to_have_expired(
    order, matti, riitta, post
):
    services.remind_of_expiry(now=after(order, 0))
    renew(matti, riitta)
    assert not [one for one in post(after(order, 0)) if EXPIRED in one.subject]


def test_of_several_that_expired_each_reader_gets_one_mail(matti, riitta, cas, post):
    sent = bulk.sent(matti, bulk.begun(matti, "a.example.fi", "b.example.fi"))
    bulk.completed(matti, sent)
    for one in sent:
        orders.finish(matti, riitta, one)
    mails = told(post, after(sent[0], 0))
    assert set(mails) == {"matti@example.fi", "tekniikka@example.fi"}
    for mail in mails.values():
        assert mail.subject == "2 varmennetta on vanhentunut"
        assert all(one.number in mail.body for one in sent)
        assert f"{reverse('certificates').removeprefix('/en')}?state=expired" in mail.body
