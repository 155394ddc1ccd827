"""A mail that came back is set aside; nobody who has not had the mail can say that it did."""

from datetime import timedelta
from io import BytesIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from certportal.foundation.mail import bounces
from certportal.foundation.mail.bounces import Bounce, Outcome
from certportal.foundation.management.commands import take_bounce
from certportal.foundation.models import Event, OutboxItem, Tally
from certportal.foundation.outbox import outbox, set_aside
from certportal.operations import health
from tests.foundation import reports

pytestmark = pytest.mark.django_db


@pytest.fixture
def item(settings, now):
    """A mail that is still to go out."""
    settings.OUTBOX_ROUTES = settings.OUTBOX_ROUTES | {"letter": [("tests.send", "mail")]}
    return outbox.enqueue("letter", now=now)[0]


@pytest.fixture
def gone(item):
    """A mail that our mail server took."""
    outbox.perform(lambda **_: None, str(item.pk), "tests.send")
    return item


@pytest.fixture
def take(capsys):
    def take(content):
        call_command("take_bounce", stdin=BytesIO(content))
        return capsys.readouterr().out.strip()

    return take


def aside():
    return list(set_aside.items().values_list("pk", "problem"))


@pytest.mark.parametrize("server", reports.STANDARD)
def test_a_mail_that_was_given_up_is_set_aside(gone, take, server):
    assert take(reports.standard(server, gone.pk)) == "set_aside"
    assert aside() == [(gone.pk, "Bounced 5.1.1")]
    assert Event.objects.get(action="mail.came_back").data["status"] == "5.1.1"


@pytest.mark.parametrize("form", reports.OTHER)
def test_so_it_is_by_a_report_in_a_form_of_its_own(gone, take, form):
    assert take(reports.other(form, gone.pk)) == "set_aside"
    assert aside() == [(gone.pk, "Bounced")]


def test_given_up_after_days_is_given_up_whatever_the_code(gone, take):
    assert take(reports.standard("postfix", gone.pk, status="4.4.1")) == "set_aside"
    assert aside() == [(gone.pk, "Bounced 4.4.1")]


@pytest.mark.parametrize("server", reports.STANDARD)
@pytest.mark.parametrize(("action", "status"), [("delayed", "4.4.1"), ("delivered", "2.0.0")])
def test_a_delay_and_a_delivery_change_nothing(gone, take, server, action, status):
    content = reports.standard(server, gone.pk, action=action, status=status)
    assert take(content) == "no_failure"
    assert aside() == []


@pytest.mark.parametrize("form", reports.NO_REPORT)
def test_neither_does_what_a_person_or_their_mail_program_writes(gone, take, form):
    assert take(reports.no_report(form, gone.pk)) == "no_failure"
    assert aside() == []


def test_nor_an_answer_that_says_it_is_of_a_server(gone, take):
    report = reports.other("qmail", gone.pk)
    assert take(b"In-Reply-To: <1@old.example.fi>\r\n" + report) == "no_failure"
    assert aside() == []


def test_without_the_mail_s_own_id_nothing_happens(gone, take):
    assert take(reports.standard("postfix", uuid4())) == "unknown"
    foreign = reports.standard("postfix", gone.pk).replace(b"@portal.example>", b"@example.com>")
    assert take(foreign) == "unknown"
    assert take(reports.standard("postfix", gone.pk) + f"<{uuid4()}@portal.example>".encode()) == (
        "unknown"
    )
    assert aside() == []


def test_only_mails_come_back(gone, take):
    OutboxItem.objects.filter(pk=gone.pk).update(queue="ca")
    assert take(reports.standard("postfix", gone.pk)) == "unknown"


def test_the_second_report_of_a_mail_changes_nothing(gone, take, now):
    take(reports.standard("postfix", gone.pk))
    assert take(reports.standard("exim", gone.pk, status="5.2.2")) == "known"
    assert aside() == [(gone.pk, "Bounced 5.1.1")]
    set_aside.give_up(gone.pk, "Kerrottu puhelimessa.", actor=bounces.ACTOR, now=now)
    assert take(reports.standard("postfix", gone.pk)) == "known"
    assert aside() == []


def test_sent_again_it_may_come_back_again(gone, take, now):
    take(reports.standard("postfix", gone.pk))
    set_aside.take_up(gone.pk, actor=bounces.ACTOR, now=now)
    outbox.perform(lambda **_: None, str(gone.pk), "tests.send")
    assert take(reports.standard("postfix", f"{gone.pk}.2", status="5.2.2")) == "set_aside"
    assert aside() == [(gone.pk, "Bounced 5.2.2")]


def test_a_report_about_an_earlier_sending_changes_nothing(gone, take, now):
    take(reports.standard("postfix", gone.pk))
    set_aside.take_up(gone.pk, actor=bounces.ACTOR, now=now)
    assert take(reports.standard("postfix", gone.pk)) == "known"
    outbox.perform(lambda **_: None, str(gone.pk), "tests.send")
    assert take(reports.standard("postfix", gone.pk)) == "known"
    assert aside() == []


@pytest.mark.parametrize("number", [0, 2, 99999])
def test_there_is_no_report_about_a_sending_that_was_not(gone, take, number):
    assert take(reports.standard("postfix", f"{gone.pk}.{number}")) == "unknown"
    assert aside() == []


def test_a_report_that_is_faster_than_the_worker_is_asked_for_again(item, take):
    with pytest.raises(CommandError) as error:
        take(reports.standard("postfix", item.pk))
    assert error.value.returncode == 75
    assert not Tally.objects.exists()


def test_without_a_database_it_is_asked_for_again(gone, take, monkeypatch):
    def silent(*_args, **_more):
        raise OperationalError("SSL connection has been closed")

    monkeypatch.setattr(bounces, "take", silent)
    with pytest.raises(CommandError, match="The database does not answer") as error:
        take(reports.standard("postfix", gone.pk))
    assert error.value.returncode == 75


def test_of_a_report_nothing_is_kept_but_the_code_and_a_count(gone, capsys):
    content = reports.standard("postfix", gone.pk, status="5.1.1 (matti@example.fi unknown)")
    call_command("take_bounce", stdin=BytesIO(content))
    said = str(capsys.readouterr())
    assert "set_aside" in said
    kept = [*OutboxItem.objects.values(), *Event.objects.values(), *Tally.objects.values()]
    assert "matti" not in f"{kept} {said}"


def test_reports_are_counted_by_outcome(gone, take, capsys):
    for _ in range(2):
        take(reports.standard("postfix", uuid4()))
    take(reports.standard("postfix", gone.pk))
    call_command("take_bounce", counts=True)
    said = capsys.readouterr().out
    assert "set_aside: 1" in said
    assert "unknown: 2" in said
    assert "unreadable: 0" in said


def test_what_follows_the_limit_of_size_is_not_read(gone, take):
    content = reports.standard("postfix", gone.pk)
    assert take(content + b"x" * bounces.MOST_BYTES) == "set_aside"
    assert take(b"X: y\r\n" * bounces.MOST_BYTES + content) == "no_failure"


def test_parts_in_parts_without_end_are_unreadable(gone, take):
    head = "".join(
        f'Content-Type: multipart/mixed; boundary="{depth}"\n\n--{depth}\n' for depth in range(5000)
    )
    assert take(head.encode() + reports.standard("postfix", gone.pk)) == "unreadable"
    assert aside() == []


def test_what_takes_too_long_is_unreadable(gone, take, monkeypatch):
    def never_ends(_content):
        while True:
            pass

    monkeypatch.setattr(bounces, "message_from_bytes", never_ends)
    monkeypatch.setattr(take_bounce, "MOST_SECONDS", 0.01)
    assert take(reports.standard("postfix", gone.pk)) == "unreadable"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\x00" * 100,
        b"Content-Type: message/delivery-status\n\n",
        b"Content-Type: multipart/report; report-type*=x''%FF; boundary=b\n\n--b\n\nAction: failed",
        b"Content-Type: message/global-delivery-status\n\n",
    ],
)
def test_what_is_no_report_is_none(take, content):
    assert take(content) in {"no_failure", "unreadable"}


def test_mails_that_came_back_are_to_do_and_no_fault_of_the_server(gone, take, now):
    take(reports.standard("postfix", gone.pk))
    for _ in range(4):
        (more,) = outbox.enqueue("letter", now=now)
        OutboxItem.objects.filter(pk=more.pk).update(attempts=9)
        outbox.perform(lambda **_: None, str(more.pk), "tests.send")
        take(reports.standard("postfix", more.pk))
    assert health.mails()
    assert health.outbox()
    assert not health.refused_mails()


def test_a_bounce_of_no_mail_of_ours_is_read_as_one(now):
    bounce = bounces.read(reports.standard("postfix", "nobody"))
    assert bounce == Bounce("5.1.1", None)
    assert bounces.take(bounce, now=now) == Outcome.UNKNOWN
    assert bounces.counts(since=now - timedelta(days=1))[Outcome.UNKNOWN] == 0
