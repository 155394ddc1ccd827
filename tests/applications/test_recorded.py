"""What the audit log tells of requests refused, of certificates fetched and of what was linted."""

from datetime import timedelta

import pytest
from django.test import Client

from applications import services
from applications.errors import UnfitCsr
from applications.workflow import Role
from certportal.dev.builders import orders, people
from certportal.dev.builders.orders import Handler
from certportal.foundation import clock
from certportal.foundation.actors import Actor
from certportal.foundation.models import Event
from issuance.certificate.profiles import PROFILES
from issuance.findings import RULE_SET_VERSION
from tests.applications.contact.conftest import at


def events(order, action):
    found = Event.objects.filter(object_type="application", object_id=str(order.pk))
    return list(found.filter(action=f"application.{action}").order_by("pk"))


def test_an_unfit_request_is_refused_on_record(matti):
    order = orders.draft(matti)
    actor = people.actor_for(matti)
    with pytest.raises(UnfitCsr):
        services.upload_csr(order.pk, orders.openssl_csr(key="1024"), actor=actor, now=clock.now())
    (event,) = events(order, "csr_refused")
    assert event.refused
    assert event.actor == f"person:{matti.pk}"
    assert event.data == {"order": order.number, "rules": ["key.rsa_short"]}


def taken(matti, csr):
    """Let another order of Matti's be sent with the same key."""
    orders.submit(matti, orders.with_csr(matti, csr=csr))


def refused(order, matti):
    """Assert that the refusal of the key is the order's one event of this kind, and Matti's."""
    (event,) = events(order, "csr_refused")
    assert (event.refused, event.actor) == (True, f"person:{matti.pk}")
    assert event.data == {"order": order.number, "rules": ["key.own_order"]}


def test_a_key_taken_since_the_upload_is_refused_on_record_at_each_later_step(matti):
    chosen, sent = orders.draft(matti), orders.draft(matti)
    csr = orders.openssl_csr()
    actor = people.actor_for(matti)
    orders.upload(matti, sent, csr)
    stored = services.upload_csr(chosen.pk, csr, actor=actor, now=clock.now())
    taken(matti, csr)
    with pytest.raises(UnfitCsr):
        services.choose_csr(chosen.pk, stored.pk, **Handler(matti, chosen).seen)
    with pytest.raises(UnfitCsr):
        orders.submit(matti, sent)
    refused(chosen, matti)
    refused(sent, matti)


def test_a_key_taken_since_the_upload_is_refused_on_record_when_attached(matti):
    order, csr = orders.waiting_for_contact(matti), orders.openssl_csr()
    actor = people.actor_for(matti)
    stored = services.upload_csr(order.pk, csr, actor=actor, now=clock.now())
    taken(matti, csr)
    seen = Handler(matti, order).seen
    with pytest.raises(UnfitCsr):
        services.attach_csr(order.pk, stored.pk, role=Role.APPLICANT, **seen)
    refused(order, matti)


def test_the_technical_contact_s_download_is_on_record_too(matti, riitta, cas, client):
    order = orders.waiting_for_contact(matti)
    orders.attach(matti, order, orders.openssl_csr())
    orders.finish(matti, riitta, order)
    link = order.contact_links.get()
    client.post(at(link))
    assert client.get(at(link, "download", "pem")).status_code == 200
    (event,) = events(order, "download")
    assert (event.actor, event.data["kind"]) == (f"technical_contact:{link.pk}", "pem")


def test_what_the_checks_return_names_the_rules_that_were_broken(matti):
    order = orders.submitted(matti)
    order.host_names.filter(position=0).update(name="ei_kelpaa")
    orders.drain()
    (event,) = events(order, "return_order")
    assert event.data["rules"]
    assert event.data["rule_set_version"] == RULE_SET_VERSION


def test_a_download_is_recorded_once_an_hour_for_each_file_and_person(matti, maija, riitta, cas):
    order = orders.delivered(matti, riitta)
    first, second = people.log_in(Client(), matti), people.log_in(Client(), maija)
    for web in (first, first, second):
        assert web.get(f"/fi/orders/{order.pk}/files/pem/").status_code == 200
    assert first.get(f"/fi/orders/{order.pk}/files/der/").status_code == 200
    assert [(one.actor, one.data["kind"]) for one in events(order, "download")] == [
        (f"person:{matti.pk}", "pem"),
        (f"person:{maija.pk}", "pem"),
        (f"person:{matti.pk}", "der"),
    ]
    later = clock.now() + timedelta(hours=2)
    services.record_download(order, "pem", actor=Actor("person", str(matti.pk)), now=later)
    assert len(events(order, "download")) == 4


def test_a_file_that_does_not_exist_is_no_download(matti, riitta, cas):
    order = orders.delivered(matti, riitta)
    web = people.log_in(Client(), matti)
    assert web.get(f"/fi/orders/{order.pk}/files/exe/").status_code == 404
    assert events(order, "download") == []


def test_the_preparation_tells_profile_and_findings(matti, riitta, cas):
    order = orders.delivered(matti, riitta)
    prepared = orders.prepared(order)
    (event,) = Event.objects.filter(action="issuance.prepared", object_id=str(prepared.pk))
    profile = PROFILES["server"]
    assert (event.data["profile"], event.data["profile_version"]) == (profile.id, profile.version)
    assert event.data["rule_set_version"] == RULE_SET_VERSION
    assert event.data["findings"] == sorted({one["rule"] for one in prepared.findings})
    (issued,) = Event.objects.filter(action="issuance.issued", object_id=str(prepared.pk))
    assert issued.data["profile_version"] == profile.version
