"""Papers are made once, by a worker, and kept: what a web process does, and what it never does."""

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
import structlog
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse

from accounts.access import actor_for
from applications import services, tasks
from applications.documents import papers
from applications.models import Paper
from applications.services.system import erase, papers as limits
from certportal.dev.builders import orders
from certportal.foundation import clock
from certportal.foundation.database import row_writes
from certportal.foundation.files import storing
from certportal.foundation.files.documents import PDF
from certportal.foundation.mail.sending import File
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import outbox, set_aside
from certportal.operations import health
from tests.applications.at_once import Beside

WHAT_THE_WEB_LOADS = """
import sys
import certportal.wsgi
from django.urls import get_resolver
from tests.isolation.table import TABLE
assert TABLE and get_resolver().url_patterns
never = {"weasyprint", "pyhanko", "applications.documents.papers"}
print(",".join(never & {*sys.modules}))
"""


def receipt_of(order) -> str:
    return reverse("applications:receipt", args=[order.pk, order.submission.number])


def wanted() -> list[OutboxItem]:
    return list(OutboxItem.objects.filter(topic="paper.wanted"))


@pytest.fixture
def sent(matti):
    """An order whose receipt has not been made, as those sent before papers were kept."""
    order = orders.submitted(matti)
    OutboxItem.objects.filter(topic="application.notice").delete()
    return order


def test_a_web_process_never_loads_the_renderer():
    done = subprocess.run(
        [sys.executable, "-c", WHAT_THE_WEB_LOADS],
        env=os.environ | {"PORTAL_PROCESS": "web", "DJANGO_SETTINGS_MODULE": "certportal.settings"},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_an_old_order_gets_its_receipt_on_the_first_request(web, sent):
    answer = web.get(receipt_of(sent))
    assert answer.status_code == 202
    assert 'data-await data-at="?waited"' in answer.content.decode()
    assert "Asiakirjaa tehdään" in answer.content.decode()
    assert orders.drain().count("paper.wanted") == 1
    ready = web.get(f"{receipt_of(sent)}?waited")
    assert (ready.status_code, ready["Refresh"]) == (200, f"0; url={receipt_of(sent)}")
    assert "Asiakirja on valmis" in ready.content.decode()
    file = web.get(receipt_of(sent))
    assert file.content == papers.receipt(sent.submission).content
    assert hashlib.sha256(file.content).hexdigest() == Paper.objects.get().sha256


def test_the_page_speaks_the_readers_language_and_the_paper_that_of_the_order(web, sent):
    web.cookies[settings.LANGUAGE_COOKIE_NAME] = "sv"
    page = web.get(receipt_of(sent).replace("/fi/", "/sv/")).content.decode()
    assert "Dokumentet skapas" in page
    orders.drain()
    assert Paper.objects.get().file.read() == papers.receipt(sent.submission).content
    assert sent.submission.language == "fi"


def test_the_mailed_receipt_is_the_one_that_is_kept(web, matti, mailoutbox):
    order = orders.submitted(matti)
    orders.drain()
    (mailed,) = [m for m in mailoutbox if m.attachments and "_receipt" in str(m.attachments[0])]
    assert web.get(receipt_of(order)).content == mailed.attachments[0].get_content()
    assert len(wanted()) == 1


def test_a_mail_is_not_tried_again_and_again_while_its_paper_is_made(matti, mailoutbox):
    orders.submitted(matti)
    mail = OutboxItem.objects.get(payload__notice="receipt")
    tasks.send_notice.run(item=str(mail.pk))
    mail.refresh_from_db()
    assert (mail.problem, mailoutbox) == ("NotMade", [])
    assert mail.due_at - mail.created_at >= timedelta(seconds=30)
    orders.drain()  # the clock has hardly moved: what keeps the paper makes the mail due
    mail.refresh_from_db()
    assert mail.done_at is not None
    assert mail.attempts == 2


def test_a_paper_kept_before_its_mail_is_postponed_makes_it_due(matti, mailoutbox, monkeypatch):
    orders.submitted(matti)
    mail = OutboxItem.objects.get(payload__notice="receipt")
    postpone = outbox.postpone

    def late(item, error, *, now):
        services.keep_paper(Paper.objects.get(), File("r.pdf", b"%PDF", PDF), now=now)
        postpone(item, error, now=now)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(outbox, "postpone", late)
        tasks.send_notice.run(item=str(mail.pk))
    mail.refresh_from_db()
    assert (mail.problem, mail.leased_until) == ("NotMade", None)
    assert mail.due_at <= clock.now()
    orders.drain()
    assert [each.subject for each in mailoutbox if each.attachments]


def test_nothing_is_warned_of_while_a_mail_waits_for_its_paper(matti):
    with structlog.testing.capture_logs() as logged:
        orders.submitted(matti)
        orders.drain()
    postponed = [each for each in logged if each["event"] == "item_postponed"]
    assert {each["log_level"] for each in postponed} == {"info"}


@pytest.mark.django_db(transaction=True)
def test_many_requests_at_once_make_one_paper(web, sent, monkeypatch):
    made = []
    render = papers.render
    monkeypatch.setattr(papers, "render", lambda paper: made.append(paper.pk) or render(paper))
    cookies, place = web.cookies, receipt_of(sent)

    def ask(times):
        client = Client()
        client.cookies = cookies
        answers = {client.get(place).status_code for _ in range(times)}
        connection.close()
        return answers

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, [13] * 8))
    assert answers == [{202}] * 8
    assert len(wanted()) == 1
    orders.drain()
    assert len(made) == 1
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, [13] * 8)) == [{200}] * 8
    assert len(made) == len(wanted()) == 1


@pytest.mark.parametrize("limit", ["MOST_A_MINUTE", "MOST_FROM", "MOST_FOR_ONE"])
def test_so_many_new_papers_a_minute_and_no_more(web, matti, limit, still, monkeypatch):
    monkeypatch.setattr(limits, limit, 1)
    first, second = orders.submitted(matti), orders.submitted(matti)
    OutboxItem.objects.filter(topic="application.notice").delete()
    answers = [web.get(receipt_of(each)) for each in (first, first, second)]
    assert [one.status_code for one in answers] == [202, 202, 429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    assert len(wanted()) == 1


def test_a_rendering_that_fails_is_tried_again_and_then_named_by_health(
    web, sent, now, monkeypatch
):
    def broken(paper):
        raise OSError("the font is gone")

    monkeypatch.setattr(papers, "render", broken)
    moment = [now]
    monkeypatch.setattr("certportal.foundation.clock.now", lambda: moment[0])
    assert web.get(receipt_of(sent)).status_code == 202
    (item,) = wanted()
    for attempt in range(1, outbox.MOST_ATTEMPTS + 1):
        tasks.make_paper.run(item=str(item.pk))
        item.refresh_from_db()
        assert item.attempts == attempt
        moment[0] = item.due_at
    assert item.failed_at is not None
    assert not health.outbox()
    failed = web.get(f"{receipt_of(sent)}?waited")
    assert (failed.status_code, failed.has_header("Refresh")) == (503, False)
    assert "Asiakirjaa ei saatu tehtyä" in failed.content.decode()
    monkeypatch.undo()
    set_aside.take_up(item.pk, actor=actor_for(sent.submission.person), now=clock.now())
    orders.drain()
    assert health.outbox()
    assert web.get(receipt_of(sent)).content.startswith(b"%PDF-")


def test_a_paper_whose_work_was_given_up_can_be_asked_for_again(web, sent, now):
    web.get(receipt_of(sent))
    OutboxItem.objects.filter(topic="paper.wanted").update(done_at=now)
    assert web.get(receipt_of(sent)).status_code == 202
    orders.drain()
    assert web.get(receipt_of(sent)).status_code == 200


def test_of_two_workers_the_first_ones_paper_is_kept(sent, matti, now):
    paper = services.want_paper(sent.submission, actor=actor_for(matti), now=now)
    file = papers.render(paper)
    services.keep_paper(paper, file, now=now)
    kept = Paper.objects.get().file.name
    before = set(default_storage.listdir("")[1])
    services.keep_paper(paper, file, now=now)
    assert Paper.objects.get().file.name == kept
    assert set(default_storage.listdir("")[1]) == before


def test_the_papers_go_with_the_rest_of_an_erased_order(
    web, sent, now, django_capture_on_commit_callbacks
):
    web.get(receipt_of(sent))
    orders.drain()
    name = Paper.objects.get().file.name
    with django_capture_on_commit_callbacks(execute=True):
        erase.erase(sent.pk, now=now)
    assert not Paper.objects.exists()
    assert not default_storage.exists(name)
    assert web.get(receipt_of(sent)).status_code == 409


@pytest.mark.django_db(transaction=True)
def test_a_paper_made_while_its_order_is_erased_leaves_no_file(
    sent, matti, now, stored, monkeypatch
):
    paper = services.want_paper(sent.submission, actor=actor_for(matti), now=now)
    keeping = partial(services.keep_paper, paper, papers.render(paper), now=now)
    real, beside = storing.delete, []

    def meanwhile(name):
        """Just after the erasure has read that the paper has no file yet."""
        beside.append(Beside(keeping))
        real(name)

    monkeypatch.setattr(storing, "delete", meanwhile)
    erase.erase(sent.pk, now=now)
    assert [one.end() for one in beside] == [None]
    assert not Paper.objects.exists()
    assert not [*stored.glob("*")]


def test_a_paper_that_cannot_be_kept_leaves_no_file(sent, matti, now, monkeypatch):
    def full(*_args, **_more):
        raise OperationalError("could not extend file")

    paper = services.want_paper(sent.submission, actor=actor_for(matti), now=now)
    monkeypatch.setattr(row_writes, "update", full)
    with pytest.raises(OperationalError):
        services.keep_paper(paper, papers.render(paper), now=now)
    assert not default_storage.listdir("")[1]
