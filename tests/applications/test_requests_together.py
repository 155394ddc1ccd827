"""Several certificate requests given at once, to the orders whose names they have."""

import pytest
from celery import current_app
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.formats import date_format

from accounts.access import actor_for
from applications import services
from applications.models import Application
from applications.rules import request_files
from applications.rules.request_matching import Why
from applications.services.applicant import requests_together
from applications.services.applicant.csr import MOST_UPLOADS_AN_HOUR, TOLD_WITHIN
from applications.services.applicant.requests_together import Outcome
from applications.views.shared import requests_given
from applications.workflow import Status
from applications.workflow.consequences import CHECKS
from certportal.dev.builders import bulk, orders, requests
from certportal.foundation import clock, turns
from certportal.foundation.actors import Actor
from certportal.foundation.errors import TooMany
from certportal.foundation.models import Event, OutboxItem, Tally
from certportal.foundation.outbox import outbox
from issuance import services as authority
from issuance.services.blocked_keys import is_blocked


def named_order(person, *names):
    application = orders.draft(person)
    seen = orders.Handler(person, application).seen
    services.save_section(application.pk, "host_names", {"host_names": list(names)}, **seen)
    application.refresh_from_db()
    return application


def give(person, some, *files, now=None):
    current = list(Application.objects.filter(pk__in=[one.pk for one in some]).order_by("number"))
    given = [request_files.RequestFile(name, data) for name, data in files]
    now = now or clock.now()
    return services.give_requests(
        current, given, about=current[0], actor=actor_for(person), now=now
    )


@pytest.mark.django_db
def test_each_order_gets_its_own_and_each_file_its_findings(matti, sample):
    some = [named_order(matti, f"{one}.example.fi") for one in "abc"]
    key, leaked = requests.new_key(), requests.new_key()
    secret = leaked.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    found = give(
        matti,
        some,
        ("b.csr", requests.request(key, "b.example.fi")),
        ("c.csr", requests.request(requests.new_key(), "c.example.fi", "more.example.fi")),
        ("key.pem", secret),
        ("words.txt", b"hei"),
        ("other.csr", requests.request(requests.new_key(), "other.example.fi")),
    )
    assert [one.outcome for one in found] == [
        *[Outcome.USED, Outcome.TO_CONFIRM, Outcome.PRIVATE_KEY, Outcome.UNFIT, Outcome.UNMATCHED]
    ]
    for one in some:
        one.refresh_from_db()
    assert [one.csr_id for one in some] == [None, found[0].csr.pk, None]
    assert found[1].order == some[2]
    assert "expected.extra_host" in [one.rule for one in found[1].report.warnings]
    assert [is_blocked(spki) for spki in found[2].report.leaked_spki_sha256] == [True]
    assert Event.objects.filter(action="application.private_key_refused").count() == 1
    assert found[4].why is Why.NO_ORDER


@pytest.mark.django_db
def test_the_same_request_in_two_files_is_given_once(matti, sample):
    """Programs write a request as .csr and .pem, and folders keep copies."""
    order = named_order(matti, "a.example.fi")
    pem = requests.request(requests.new_key(), "a.example.fi")
    der = x509.load_pem_x509_csr(pem).public_bytes(Encoding.DER)
    other = requests.request(requests.new_key(), "a.example.fi")
    found = give(matti, [order], ("a.csr", pem), ("a.der", der))
    assert [one.outcome for one in found] == [Outcome.USED, Outcome.COPY]
    order.refresh_from_db()
    assert order.csr_id == found[0].csr.pk
    found = give(matti, [order], ("b.csr", other), ("a.csr", pem), ("a.der", der))
    assert [one.why for one in found] == [Why.SEVERAL_REQUESTS, None, None]
    assert [one.outcome for one in found[1:]] == [Outcome.USED_BEFORE, Outcome.COPY]


@pytest.mark.django_db
def test_an_order_that_waits_for_its_request_goes_on_to_the_checks(matti, sample):
    application = orders.waiting_for_contact(matti)
    names = ["erecept.example.fi", "varmuus.example.fi"]
    (found,) = give(matti, [application], ("a.csr", requests.request(requests.new_key(), *names)))
    application.refresh_from_db()
    assert (found.outcome, application.status) == (Outcome.USED, Status.CHECKING)


@pytest.mark.django_db
def test_what_there_is_no_time_for_is_told_and_given_again(matti, sample, monkeypatch):
    """The answer comes before the proxy gives up; a private key is blocked all the same."""
    together = bulk.begun(matti, "a.example.fi", "b.example.fi")
    some = list(together.orders.order_by("number"))
    files = [(f"{one}.csr", requests.request(requests.new_key(), one.names[0])) for one in some]
    leaked = requests.new_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    ticks = iter([0, 1, 1, 1, 1, 99])
    with monkeypatch.context() as slow:
        slow.setattr(requests_together, "monotonic", lambda: next(ticks))
        found = give(matti, some, *files, ("palvelin.key", leaked))
    assert [(one.outcome, one.why) for one in found] == [
        *[(Outcome.USED, None), (Outcome.SKIPPED, Why.NO_TIME), (Outcome.PRIVATE_KEY, None)]
    ]
    assert requests_given.shown(found, order_url=str, preview_url=str)["unread"] == 1
    assert give(matti, some[1:], files[1])[0].outcome == Outcome.USED


@pytest.mark.django_db
def test_the_same_files_given_again_get_on_however_little_time_there_is(matti, sample, monkeypatch):
    """Also in another process, which examines each key anew."""
    names = [f"{one}.example.fi" for one in "abc"]
    waiting = bulk.sent(matti, bulk.begun(matti, *names))
    files = [(f"{one}.csr", requests.request(requests.new_key(), one)) for one in names]
    late = requests_together.MOST_EXAMINING + 1
    for turn in range(3):
        ticks = iter([0, 1, *[late] * 5])
        with monkeypatch.context() as slow:
            slow.setattr(requests_together, "monotonic", lambda times=ticks: next(times))
            found = [one.outcome for one in give(matti, waiting[turn:], *files)]
        given = [Outcome.USED_BEFORE] * turn + [Outcome.USED]
        assert found == given + [Outcome.SKIPPED] * (2 - turn)


@pytest.mark.django_db
def test_examining_ends_while_there_is_time_to_attach_what_was_examined(matti, sample, monkeypatch):
    """Hundreds of archives that are unpacked in search of keys must not occupy a web process."""
    together = bulk.begun(matti, "a.example.fi", "b.example.fi")
    some = list(together.orders.order_by("number"))
    files = [(f"{one}.csr", requests.request(requests.new_key(), one.names[0])) for one in some]
    ticks = iter([0, 1, requests_together.MOST_EXAMINING + 1, requests_together.MOST_SECONDS - 1])
    with monkeypatch.context() as slow:
        slow.setattr(requests_together, "monotonic", lambda: next(ticks))
        found = give(matti, some, *files)
    assert [(one.outcome, one.why) for one in found] == [
        *[(Outcome.USED, None), (Outcome.SKIPPED, Why.NO_TIME)]
    ]


@pytest.mark.django_db
def test_each_file_takes_so_many_statements_and_no_more(matti, sample):
    asked = []
    for names in ("ab", "cdefghij"):
        waiting = bulk.sent(matti, bulk.begun(matti, *[f"{one}.example.fi" for one in names]))
        files = [
            (f"{one}.csr", requests.request(requests.new_key(), *one.names)) for one in waiting
        ]
        with CaptureQueriesContext(connection) as queries:
            given = give(matti, waiting, *files)
        assert {one.outcome for one in given} == {Outcome.USED}
        asked.append(len(queries))
    assert (asked[1] - asked[0]) / 6 <= 36


@pytest.mark.django_db
def test_the_contact_gets_one_mail_for_all_requests_given_at_once(matti, sample, mailoutbox):
    """Matti's three orders waited for their requests; a fourth names Maija."""
    names = [f"{one}.example.fi" for one in "abcd"]
    together = bulk.begun(matti, *names)
    last = together.orders.order_by("number").last()
    given = {"contact_name": "Maija", "contact_email": "maija@example.fi"}
    services.save_section(last.pk, "contact", given, **orders.Handler(matti, last).seen)
    waiting = bulk.sent(matti, together)
    orders.drain()
    mailoutbox.clear()
    files = [(f"{one}.csr", requests.request(requests.new_key(), one)) for one in names]
    assert {one.outcome for one in give(matti, waiting, *files)} == {Outcome.USED}
    orders.drain()
    told = {one.to[0]: one for one in mailoutbox if one.to[0] != "riitta@example.fi"}
    assert len(told) == 2
    assert "3 tilauksen varmennepyynnöt on liitetty" in told["matti@example.fi"].subject
    assert all(one in told["matti@example.fi"].body for one in names[:3])
    last.refresh_from_db()
    by = date_format(last.due_on, "DATE_FORMAT")
    assert f"Käsittelemme ne viimeistään {by}." in told["matti@example.fi"].body
    assert names[3] not in told["matti@example.fi"].body
    assert last.number in told["maija@example.fi"].subject, "one alone is told as ever"


@pytest.mark.django_db
def test_the_mail_leaves_out_what_the_checks_sent_back(matti, sample, mailoutbox):
    """The first order's key is blocked by the time of the checks; Matti's drafts are in no list."""
    waiting = bulk.sent(matti, bulk.begun(matti, *[f"{one}.example.fi" for one in "abc"]))
    begun = orders.draft(matti)
    orders.drain()
    mailoutbox.clear()
    files = [(f"{one}.csr", requests.request(requests.new_key(), *one.names)) for one in waiting]
    found = give(matti, waiting, *files)
    spki, now = found[0].csr.spki_sha256, clock.now()
    authority.block_key(spki, "key_compromise", actor=Actor("system", "test"), now=now)
    for item in OutboxItem.objects.filter(topic=CHECKS[0], done_at=None):
        current_app.tasks[item.task].run(item=str(item.pk))
    waiting[0].refresh_from_db()
    assert waiting[0].status == Status.AWAITING_CSR
    orders.drain()
    (told,) = [one for one in mailoutbox if "varmennepyynnöt on liitetty" in one.subject]
    assert told.subject.startswith("2 tilauksen")
    assert [one.number in told.body for one in [*waiting, begun]] == [False, True, True, False]


@pytest.mark.django_db
def test_a_draft_discarded_meanwhile_ends_nothing_of_the_others(matti, sample, monkeypatch):
    waiting = bulk.sent(matti, bulk.begun(matti, "a.example.fi", "b.example.fi"))
    draft = named_order(matti, "c.example.fi")
    files = [
        (f"{one.pk}.csr", requests.request(requests.new_key(), *one.names))
        for one in [waiting[0], draft, waiting[1]]
    ]
    store = requests_together.requests.examine_and_store

    def after_a_colleague(key, *args, **given):
        if key == draft.pk:
            services.discard(key, **orders.Handler(matti, draft).seen)
        return store(key, *args, **given)

    monkeypatch.setattr(requests_together.requests, "examine_and_store", after_a_colleague)
    found = give(matti, [*waiting, draft], *files)
    assert [(one.outcome, one.why) for one in found] == [
        *[(Outcome.USED, None), (Outcome.UNMATCHED, Why.MOVED_ON), (Outcome.USED, None)]
    ]


@pytest.mark.django_db
def test_who_is_to_be_told_is_told_however_the_upload_ends(matti, sample, mailoutbox, monkeypatch):
    """The process is killed after the second of three: nothing of it runs any more."""
    waiting = bulk.sent(matti, bulk.begun(matti, "a.example.fi", "b.example.fi", "c.example.fi"))
    orders.drain()
    mailoutbox.clear()
    files = [(f"{one}.csr", requests.request(requests.new_key(), *one.names)) for one in waiting]
    use, used = requests_together.requests.attach_csr, []

    def killed(*args, **given):
        if len(used) == 2:
            raise SystemExit
        used.append(use(*args, **given))

    monkeypatch.setattr(requests_together.requests, "attach_csr", killed)
    with pytest.raises(SystemExit):
        give(matti, waiting, *files)
    orders.drain()
    assert not [one for one in mailoutbox if "liitetty" in one.subject]
    assert TOLD_WITHIN.total_seconds() > requests_together.MOST_SECONDS  # not while it goes on
    now = clock.now()
    due = OutboxItem.objects.filter(done_at=None, due_at__lte=now + TOLD_WITHIN)
    outbox.hasten(due, now=now)
    orders.drain()
    (told,) = [one for one in mailoutbox if "liitetty" in one.subject]
    assert [one.number in told.body for one in waiting] == [True, True, False]


@pytest.mark.django_db
def test_many_files_count_as_one_upload(matti, sample):
    application, now = named_order(matti, "a.example.fi"), clock.now()
    for _ in range(MOST_UPLOADS_AN_HOUR):
        give(matti, [application], *[(f"{n}.txt", b"x") for n in range(9)], now=now)
    with pytest.raises(TooMany):
        give(matti, [application], ("a.txt", b"x"), now=now)


@pytest.mark.django_db
def test_many_uploads_at_once_leave_threads_for_pages(matti, sample, monkeypatch):
    """Eight of a few kilobytes would otherwise take all threads of web for half a minute."""
    order = named_order(matti, "a.example.fi")
    file = ("a.csr", requests.request(requests.new_key(), "a.example.fi"))
    monkeypatch.setattr(turns, "TURN_SECONDS", 0)
    with turns.turn(), turns.turn(), pytest.raises(TooMany) as refused:
        give(matti, [order], file)
    assert refused.value.retry_after == turns.RETRY_SECONDS
    counted = Tally.objects.filter(scope__startswith="upload").values_list("count", flat=True)
    assert set(counted) == {0}
    (given,) = give(matti, [order], file)
    assert given.outcome == Outcome.USED
