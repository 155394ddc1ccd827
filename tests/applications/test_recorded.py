"""What the audit log tells of requests refused, of certificates fetched and of what was linted."""

from datetime import timedelta

import pytest
from django.test import Client

from applications import services
from applications.errors import UnfitCsr
from certportal.dev.builders import orders, people
from certportal.foundation import clock
from certportal.foundation.actors import Actor
from certportal.foundation.models import Event
from issuance.certificate.profiles import PROFILES
from issuance.findings import RULE_SET_VERSION


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
    assert event.data == {"rules": ["key.rsa_short"]}


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
