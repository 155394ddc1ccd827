"""The last day of a certificate for calendars."""

import re
from datetime import timedelta

from django.test import Client

from applications import services
from applications.documents.calendar_entry import escaped, folded
from applications.documents.certificate_files import certificate_of
from applications.models import Application
from applications.rules import queue_order
from certportal.dev.builders import orders, people
from certportal.foundation import clock


def lines(data: bytes) -> list[str]:
    assert max(len(line) for line in data.split(b"\r\n")) <= 75
    return data.decode().replace("\r\n ", "").strip().split("\r\n")


def test_the_account_hands_over_an_entry_with_alarms_that_leads_to_the_renewal(matti, riitta, cas):
    order = orders.delivered(matti, riitta)
    answer = people.log_in(Client(), matti).get(f"/fi/orders/{order.pk}/files/ics/")
    assert answer["Content-Type"].startswith("text/calendar")
    assert answer["Content-Disposition"].endswith('.ics"')
    found = lines(answer.content)
    last = clock.day(certificate_of(order).not_after)
    assert f"DTSTART;VALUE=DATE:{last:%Y%m%d}" in found
    alarms = [line for line in found if line.startswith("TRIGGER:")]
    assert alarms == [f"TRIGGER:-P{days}D" for days in (60, 30, 14, 7, 1)]
    (url,) = (line.removeprefix("URL:") for line in found if line.startswith("URL:"))
    assert url.endswith(f"/fi/orders/{order.pk}/again/")
    assert any(line.startswith("DESCRIPTION:") and line.endswith(f" {url}") for line in found)
    (summary,) = (line for line in found if line.startswith("SUMMARY:"))
    assert summary == f"SUMMARY:Varmenne vanhenee: erecept.example.fi\\, {order.number}"


def test_one_of_a_test_certificate_says_so(matti, riitta, cas):
    order = orders.delivered(matti, riitta, "test_server")
    answer = people.log_in(Client(), matti).get(f"/sv/orders/{order.pk}/files/ics/")
    assert b"SUMMARY:[TEST] " in answer.content
    assert 'filename="TEST-' in answer["Content-Disposition"]


def test_values_are_escaped_and_lines_folded_by_octets():
    assert escaped("a,b;c\\d\ne") == r"a\,b\;c\\d\ne"
    text = "SUMMARY:" + "äö" * 60
    pieces = folded(text).split("\r\n")
    assert all(len(piece.encode()) <= 75 for piece in pieces)
    assert pieces[0] + "".join(piece[1:] for piece in pieces[1:]) == text


def test_the_order_page_tells_the_place_in_the_queue_until_somebody_takes_it(
    matti, kalle, riitta, cas
):
    first, second = orders.in_review(matti), orders.in_review(matti)
    second.due_on += timedelta(days=1)
    second.save(update_fields=["due_on"])
    web = people.log_in(Client(), matti)

    def page(order):
        return re.sub(r"\s+", " ", web.get(f"/en/orders/{order.pk}/").text)

    assert "The order is the next to be taken by a reviewer." in page(first)
    assert "1 order will be taken by a reviewer before this one." in page(second)
    services.claim(first.pk, person=riitta, **orders.Handler(riitta, first).seen)
    assert "taken by a reviewer" not in page(first)
    assert "The order is the next" in page(second)


def test_of_two_for_the_same_day_the_one_sent_first_comes_first_as_in_the_queue(matti, cas):
    first, second = orders.in_review(matti), orders.in_review(matti)
    # Sent again after an answer, an order keeps its number and not its place.
    Application.objects.filter(pk=first.pk).update(submitted_at=clock.now())
    first.refresh_from_db()
    listed = list(queue_order.ordered(Application.objects.all()))
    assert listed == [second, first]
    assert list(queue_order.before(first)) == [second]
    assert not queue_order.before(second).exists()
