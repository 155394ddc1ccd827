"""A hearing in place of a request for information that was not answered in time."""

from datetime import timedelta

from django.urls import reverse

from applications import services
from certportal.dev.builders import documents, orders
from certportal.foundation import clock, working_days
from certportal.foundation.models import Event

REPLY = "Olemme ostaneet sen."
PAPER = "kauppakirja.pdf"


def test_what_was_ready_for_the_answer_stays_for_that_to_the_hearing(case, desk, matti, web_of):
    today = clock.day(clock.now())
    ends = working_days.working_day(today + timedelta(days=14))
    orders.ask(desk.person, case, ends)
    services.keep_reply(case.pk, text=REPLY, person=matti)
    given = {"data": documents.pdf("Kauppakirja"), "name": PAPER}
    services.attach_to_answer(case.pk, **given, actor=orders.actor_for(matti), now=clock.now())
    case.requests.update(deadline=today - timedelta(days=1))
    heard = {"reason": "Nimi on toisen.", "material": "Ote.", "deadline": ends.isoformat()}
    assert desk.press("hear", case, **heard, send="1").status_code == 302

    page = desk.open("case", case.pk).text
    assert REPLY not in page and PAPER not in page
    address = reverse("applications:answer_hearing", args=[case.pk])
    page = web_of(matti).get(address)
    assert REPLY in page.text and PAPER in page.text
    shown = {one.name: one.value() or "" for one in page.context["form"]}
    assert web_of(matti).post(address, shown).status_code == 302
    assert case.additions.get().text == REPLY
    (sent,) = Event.objects.get(action="application.answer_hearing").data["answer_documents"]
    assert sent == case.attachments.get(removed_at=None).sha256
    page = desk.open("case", case.pk).text
    assert REPLY in page and PAPER in page
