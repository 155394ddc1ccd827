"""The pages of a bulk order once made: its requests, what it lacks, who sees and deletes it."""

import io
import re
import zipfile
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from applications import services
from applications.models import BulkOrder
from applications.workflow import Status
from certportal.dev.builders import bulk, orders, people, requests

pytestmark = pytest.mark.django_db
UNIT = "1.2.246.10.99000093.10.200"


@pytest.fixture
def web(liisa):
    """Liisa's browser."""
    return people.log_in(Client(), liisa)


@pytest.fixture
def together(liisa):
    """Three drafts of the county."""
    hosts = [f"{one}.example.fi" for one in "abc"]
    return bulk.begun(liisa, *hosts, unit=UNIT)


def test_requests_in_an_archive_go_to_their_orders_with_their_findings(web, together, address):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for names in (["a.example.fi"], ["b.example.fi", "x.example.fi"], ["z.example.fi"]):
            archive.writestr(f"{names[0]}.csr", requests.request(requests.new_key(), *names))
        archive.writestr("lue.docx", b"x")
        archive.writestr("huono.csr", b"hei")
        archive.writestr("-----BEGIN PRIVATE KEY-----MIGHAgEA.csr", b"x")
    file = SimpleUploadedFile("pyynnot.zip", packed.getvalue())
    page = web.post(address("applications:bulk_order", together.pk), {"requests": file})
    told = unescape(page.text)
    for said in ("Given to the order", "Waits for you to confirm it", "Given to no order"):
        assert said in told
    for said in ("Not read", "Cannot be used", "lue.docx", "x.example.fi"):
        assert said in told
    result = told.partition('id="given"')[2]
    assert re.search(r"<summary>1 finding</summary>", result)
    assert "card" not in result.partition("</table>")[0]
    assert "The file or its name holds a private key." in told and "MIGHAgEA" not in told
    given = [one.csr_id is not None for one in together.orders.order_by("number")]
    assert given == [True, False, False]
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(20):
            archive.writestr(f"{number}.csr", b"\0" * 1024 * 1024)
    file = SimpleUploadedFile("pommi.zip", bomb.getvalue())
    page = web.post(address("applications:bulk_order", together.pk), {"requests": file})
    assert "The upload holds too much" in page.text
    assert "Choose a file." in web.post(address("applications:bulk_order", together.pk)).text


def test_what_became_of_the_requests_begins_with_those_that_were_not_given(web, together, address):
    """Among sixty files nobody finds the three that fit no order."""
    given = {one: requests.request(requests.new_key(), f"{one}.example.fi") for one in "abz"}
    given["a-copy"] = given["a"]
    files = [SimpleUploadedFile(f"{name}.csr", data) for name, data in sorted(given.items())]
    page = web.post(address("applications:bulk_order", together.pk), {"requests": files})
    told = page.text[page.text.index("What became of the requests") :]
    assert "2 of 4 were given to orders." in told
    names = [f">{one}.csr<" for one in ("z", "a-copy", "a", "b")]
    assert sorted(names, key=told.index) == names


def test_what_one_order_lacks_is_told_with_its_place(web, together, address, liisa):
    lame = together.orders.order_by("number")[1]
    values = {"mailbox": "", "deliver_to": "applicant"}
    services.save_section(lame.pk, "delivery", values, **orders.Handler(liisa, lame).seen)
    for name in ("bulk_order", "check_together"):
        page = web.get(address(f"applications:{name}", together.pk))
        assert address("applications:part", lame.pk, "delivery") in page.text
    assert "Nothing can be sent yet: 1 order lacks something." in page.text
    assert "You see it with each order below." in page.text


def test_the_page_asks_as_often_for_many_orders_as_for_few(web, liisa, address):
    few = bulk.begun(liisa, "a.example.fi", "b.example.fi", unit=UNIT)
    many = bulk.begun(liisa, *[f"h{n}.example.fi" for n in range(60)], unit=UNIT)
    for name in ("bulk_order", "check_together"):
        asked = []
        for one in (few, few, many):
            with CaptureQueriesContext(connection) as queries:
                assert web.get(address(f"applications:{name}", one.pk)).status_code == 200
            asked.append(len(queries))
        assert asked[2] <= asked[1], (name, [one["sql"][:300] for one in queries][-30:-20])


def test_others_find_nothing_of_it(together, address, matti, now):
    stranger = people.log_in(Client(), matti)
    colleague = people.make_member("Tuula Tekninen", organisation_of(together), now=now)
    colleague.memberships.update(role="technical")
    for browser in (stranger, people.log_in(Client(), colleague)):
        for name in ("bulk_order", "check_together", "discard_together", "bulk_csv"):
            assert browser.get(address(f"applications:{name}", together.pk)).status_code == 404
            assert browser.post(address(f"applications:{name}", together.pk)).status_code == 404
    assert {one.status for one in together.orders.all()} == {Status.DRAFT}


def test_all_drafts_are_deleted_at_once_and_only_those_that_were_seen(web, together, address):
    place = address("applications:discard_together", together.pk)
    page = web.get(place)
    assert "Do you want to delete 3 drafts?" in page.text
    seen = re.search(r'name="version" value="(\w+)"', page.text)[1]
    assert web.post(place, {"version": "x"}).status_code == 409
    assert together.orders.count() == 3
    assert web.post(place, {"version": seen})["Location"] == address("applications:orders")
    assert not BulkOrder.objects.exists()


def organisation_of(together):
    return together.orders.first().organisation
