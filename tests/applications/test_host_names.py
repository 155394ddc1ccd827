"""One rule of host names, wherever a name enters the service."""

from dataclasses import replace

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from applications import services
from applications.checks.wording import word_faults
from applications.rules.certificate_order import certificate_order
from applications.workflow import Status
from certportal.dev.builders import orders, people
from certportal.dev.builders.orders import Handler
from issuance.services.issuing.prepare import prepare
from tests.issuance.orders import NEVER_CERTIFIED

KINDERGARTEN = "xn--pivkoti-5wac.example.fi"


def named(matti, host):
    """Return Matti's draft, whose only host name was saved before today's rule."""
    draft = orders.with_csr(matti)
    seen = Handler(matti, draft).seen
    services.save_section(draft.pk, "host_names", {"host_names": [host]}, **seen)
    draft.refresh_from_db()
    return draft


@pytest.mark.parametrize("host", NEVER_CERTIFIED)
def test_the_check_returns_an_order_for_a_name_that_nobody_certifies(matti, host):
    order = named(matti, host)
    orders.submit(matti, order)
    orders.drain()
    order.refresh_from_db()
    assert order.status == Status.INFO_REQUESTED
    (pair,) = [one for one in word_faults(order.findings) if one[0].rule == "order.host_name"]
    assert host in pair[1].text


@pytest.mark.parametrize("host", NEVER_CERTIFIED)
def test_the_authority_refuses_the_name_on_its_own(matti, riitta, cas, now, host):
    asked = certificate_order(orders.claimed(matti, riitta), now=now)
    attempt = prepare(replace(asked, dns_names=(host,)), now=now)
    assert attempt.state == "refused"
    assert [one["params"]["value"] for one in attempt.findings if one["rule"] == "ca.dns_name"] == [
        host
    ]


def test_a_name_that_anybody_could_have_got_is_remarked_to_the_reviewer(matti, riitta, cas):
    host = "apteekki.github.io"
    order = named(matti, host)
    orders.upload(matti, order, orders.openssl_csr(host))
    orders.submit(matti, order)
    orders.drain()
    order.refresh_from_db()
    assert order.status == Status.IN_REVIEW
    remarks = [one for one in order.findings if one["rule"] == "order.host_shared"]
    assert remarks[0]["params"] == {"value": host, "ending": "github.io"}
    page = people.log_in(Client(), riitta).get(reverse("console:case", args=[order.pk]))
    assert "päätteen ”github.io” alla" in page.text


def test_a_name_in_finnish_is_certified_and_shown_in_both_forms(matti, riitta, cas):
    draft = named(matti, KINDERGARTEN)
    orders.upload(matti, draft, orders.openssl_csr(KINDERGARTEN))
    orders.submit(matti, draft)
    shown = f"{KINDERGARTEN} (päiväkoti.example.fi)"
    matti_sees = people.log_in(Client(), matti).get(reverse("applications:order", args=[draft.pk]))
    assert shown in matti_sees.text
    orders.drain()
    services.claim(draft.pk, person=riitta, **Handler(riitta, draft).seen)
    orders.drain()
    riitta_sees = people.log_in(Client(), riitta).get(reverse("console:case", args=[draft.pk]))
    for place in ("Palvelinnimet", "Nimi (CN)"):
        row = next(row for row in riitta_sees.context["rows"] if row.label == place)
        assert shown in [cell.value for cell in row.cells]
    assert shown in dict(riitta_sees.context["facts"]).values()
    assert riitta_sees.text.replace("<wbr>", "").count(shown) >= 5
    orders.approve(riitta, draft)
    orders.drain()
    draft.refresh_from_db()
    assert draft.status == Status.DELIVERED
    assert shown in mail.outbox[-1].body


@pytest.mark.parametrize("host", NEVER_CERTIFIED)
def test_a_mailbox_under_such_a_name_is_refused_by_page_and_check(matti, host):
    order = orders.draft(matti, "email")
    orders.prove_mailbox(matti, order, f"kirjaamo@{host}")
    orders.upload(matti, order, orders.openssl_csr("kirjaamo.example.fi"))
    page = people.log_in(Client(), matti).post(
        reverse("applications:part", args=[order.pk, "mailbox_proof"]),
        {"version": order.version, "certified_email": f"kirjaamo@{host}"},
    )
    assert f"“{host}" in page.text.replace("”", "“")
    orders.submit(matti, order)
    orders.drain()
    order.refresh_from_db()
    assert order.status == Status.INFO_REQUESTED
    assert [finding.rule for finding, _words in word_faults(order.findings)] == [
        "order.mailbox_host"
    ]


def test_a_hundred_names_are_a_few_statements_and_what_is_known_of_them_stays(matti):
    draft = named(matti, "aa.example.fi")
    draft.host_names.update(evidence_note="nähty")
    names = [f"h{n}.example.fi" for n in range(100)]
    seen = Handler(matti, draft).seen
    services.save_section(draft.pk, "host_names", {"host_names": [*names, "aa.example.fi"]}, **seen)
    draft.refresh_from_db()
    assert draft.names == [*names, "aa.example.fi"]
    with CaptureQueriesContext(connection) as queries:
        kept = [*reversed(names[50:]), "aa.example.fi", "uusi.example.fi"]
        seen = Handler(matti, draft).seen
        services.save_section(draft.pk, "host_names", {"host_names": kept}, **seen)
    written = [
        one["sql"].split()[0]
        for one in queries
        if "applications_hostname" in one["sql"] and not one["sql"].startswith("SELECT")
    ]
    assert sorted(written) == ["DELETE", "INSERT", "UPDATE"]
    draft.refresh_from_db()
    assert draft.names == kept
    assert draft.host_names.get(name="aa.example.fi").evidence_note == "nähty"
    services.save_section(draft.pk, "host_names", {"host_names": []}, **Handler(matti, draft).seen)
    assert not draft.host_names.exists()
