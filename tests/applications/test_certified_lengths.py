"""What the form accepts, the authority certifies: each value at its bound, and one above."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.register.lookup import queries
from applications.documents.certificate_files import certificate_of
from applications.errors import Incomplete
from applications.models import Application
from applications.rules.certificate_names import names
from certportal.dev.builders import orders, people
from certportal.dev.builders.register import change
from certportal.foundation import clock
from issuance.certificate.names import subject_values

UNIT = "1.2.246.10.99000018.10.1"
NAME, OID = "Ä" * 64, "1.2.246.10.99000018.12." + "1" * 41
MAILBOX = "a" * 53 + "@example.fi"
MAIN = "a" * 53 + ".example.fi"
LABEL = "b" * 63
LONGEST = ".".join([LABEL] * 3 + ["c" * 50, "example.fi"])
TOO_LONG = {
    "system_name": ("system_signature", "system", {"system_name": NAME + "Ä", "system_oid": OID}),
    "system_oid": ("system_signature", "system", {"system_name": NAME, "system_oid": OID + "1"}),
    "main name": ("server", "host_names", {"host_names": "a" + MAIN}),
    "name": ("server", "host_names", {"host_names": f"{MAIN}\nc{LONGEST}"}),
    "label": ("server", "host_names", {"host_names": f"{MAIN}\nb{LABEL}.example.fi"}),
    "mailbox": ("email", "mailbox_proof", {"certified_email": "a" + MAILBOX}),
}


@pytest.fixture
def fill(matti, english):
    """Return how Matti gives a part of his order in the form."""
    client = people.log_in(Client(), matti)

    def given(order: Application, part: str, values: dict[str, str]):
        order.refresh_from_db()
        address = reverse("applications:part", args=[order.pk, part])
        return client.post(address, values | {"version": order.version})

    return given


def certified(matti, riitta, draft) -> dict[str, str]:
    """Return the subject of the certificate that the order is issued."""
    draft.refresh_from_db()
    orders.upload(matti, draft, orders.openssl_csr())
    orders.submit(matti, draft)
    orders.finish(matti, riitta, draft)
    return subject_values(certificate_of(draft).certificate)


def test_a_system_signature_has_each_value_at_its_bound(matti, riitta, cas, fill):
    change(orders.UNIT, long_name="Ö" * 64)
    change(UNIT, long_name="Å" * 64, municipality_name="ä" * 128)
    draft = orders.draft(matti, "system_signature", unit=UNIT)
    fill(draft, "system", {"system_name": NAME, "system_oid": OID})
    subject = certified(matti, riitta, draft)
    lengths = {name: len(value) for name, value in subject.items() if name not in ("C", "ST")}
    assert lengths == {"L": 128, "O": 64, "OU": 64, "serialNumber": 64, "CN": 64}


def test_a_server_certificate_has_names_as_long_as_names_may_be(matti, riitta, cas, fill):
    draft = orders.draft(matti)
    fill(draft, "host_names", {"host_names": f"{MAIN}\n{LONGEST}"})
    assert (len(MAIN), len(LONGEST)) == (64, 253)
    assert certified(matti, riitta, draft)["CN"] == MAIN
    assert draft.names == [MAIN, LONGEST]


def test_a_mailbox_is_as_long_as_a_common_name_may_be(matti, riitta, cas, fill):
    draft = orders.draft(matti, "email")
    fill(draft, "mailbox_proof", {"certified_email": MAILBOX})
    draft.refresh_from_db()
    orders.prove_mailbox(matti, draft, MAILBOX)
    assert certified(matti, riitta, draft)["CN"] == MAILBOX


@pytest.mark.parametrize("case", TOO_LONG)
def test_one_character_more_is_refused_by_the_form(matti, fill, case):
    kind, part, values = TOO_LONG[case]
    draft = orders.draft(matti, kind)
    before = draft.version
    page = fill(draft, part, values)
    assert page.status_code == 200
    assert page.context["form"].errors
    draft.refresh_from_db()
    assert draft.version == before


def test_an_oid_is_refused_in_words_and_never_cut(matti, fill):
    draft = orders.draft(matti, "system_signature")
    page = fill(draft, "system", {"system_name": NAME, "system_oid": OID + "1"})
    assert f"“{OID}1” is not an OID of at most 64 characters" in page.text
    assert "maxlength" not in str(page.context["form"]["system_oid"])


def test_an_oid_of_an_earlier_draft_that_is_too_long_is_asked_again(matti):
    draft = orders.with_csr(matti, "system_signature")
    Application.objects.filter(pk=draft.pk).update(system_oid=OID + "1")
    draft.refresh_from_db()
    with pytest.raises(Incomplete) as refused:
        orders.submit(matti, draft)
    assert refused.value.sections == ["system"]


def test_an_oid_that_came_past_the_form_is_sent_back_by_the_check(matti):
    order = orders.submitted(matti, "system_signature")
    Application.objects.filter(pk=order.pk).update(system_oid=OID + "1")
    orders.drain()
    order.refresh_from_db()
    assert "order.system_oid" in [one["rule"] for one in order.findings]
    assert order.question.fields == ["system"]


@pytest.mark.parametrize("municipality", ["L" * 129, "Soa\u0111egilli", " Helsinki"])
def test_a_locality_that_no_certificate_carries_is_left_out(matti, municipality):
    """It is optional; an order that the authority refuses for it nobody could correct."""
    change(orders.UNIT, municipality_name=municipality)
    order = orders.draft(matti)
    assert queries.get_record(orders.UNIT, on=clock.day(clock.now())).municipality_name
    assert names(order, now=clock.now()).locality == ""
