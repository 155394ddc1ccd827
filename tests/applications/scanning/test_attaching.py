"""A document that carries a virus is refused, on record, and kept nowhere."""

import pytest
from django.test import Client

from applications.models import Attachment
from certportal.dev.builders import documents, orders, people
from certportal.foundation.errors import Unavailable
from certportal.foundation.files.documents import Infected, NotPdf
from certportal.foundation.models import Event
from tests.applications.conformity import bare
from tests.doubles.scanner import EICAR

CARRIER = documents.pdf(extra=b"/Note <" + EICAR.hex().encode() + b"> % " + EICAR + b"\n")


def scan_with(settings, backend="tests.doubles.scanner.InMemory", **options):
    settings.SCANNER = {"BACKEND": backend, "OPTIONS": options}


def test_an_infected_document_is_refused_and_on_record(matti, settings, stored):
    application = bare(matti)
    scan_with(settings)
    before = set(stored.rglob("*"))
    with pytest.raises(Infected, match="Eicar"):
        orders.attach_conformity(matti, application, data=CARRIER)

    assert not Attachment.objects.filter(application=application, removed_at=None).exists()
    assert set(stored.rglob("*")) == before
    event = Event.objects.get(action="application.virus_refused")
    assert (event.object_id, event.refused) == (str(application.pk), True)
    assert event.data["found"] == "Eicar-Test-Signature"


def test_a_clean_one_is_taken(matti, settings):
    application = bare(matti)
    scan_with(settings)
    orders.attach_conformity(matti, application)
    assert application.attachments.filter(removed_at=None).count() == 1


def test_what_is_no_pdf_never_reaches_the_scanner(matti, settings):
    application = bare(matti)
    scan_with(settings, answers=False)
    with pytest.raises(NotPdf):
        orders.attach_conformity(matti, application, data=EICAR)


def test_while_the_scanner_is_down_nothing_is_attached(matti, settings):
    application = bare(matti)
    scan_with(settings, answers=False)
    with pytest.raises(Unavailable):
        orders.attach_conformity(matti, application)
    assert not application.attachments.filter(removed_at=None).exists()


@pytest.mark.parametrize(
    ("options", "data", "told"),
    [({}, CARRIER, "Eicar-Test-Signature"), ({"answers": False}, documents.pdf(), "a few minutes")],
)
def test_the_page_says_why_and_keeps_what_was_written(matti, settings, options, data, told):
    application = bare(matti)
    scan_with(settings, **options)
    web = people.log_in(Client(), matti)
    address = f"/en/orders/{application.pk}/part/conformity/"
    given = orders.CONFORMITY | {"conformity_valid_until": "31.12.2099"}
    seen = orders.Handler(matti, application).seen["version"]

    page = web.post(address, given | {"file": documents.upload(data), "version": seen})

    assert told in page.content.decode()
    assert "VT-2025-0042" in page.content.decode()
    assert not application.attachments.filter(removed_at=None).exists()


def test_clamd_is_asked_when_its_address_is_set(matti, settings, clamd):
    application = bare(matti)
    scan_with(settings, "certportal.foundation.files.scanning.clamd.Clamd", address=clamd)
    orders.attach_conformity(matti, application)
    with pytest.raises(Infected):
        orders.attach_conformity(matti, application, data=CARRIER)
    assert application.attachments.filter(removed_at=None).count() == 1
