"""Each step of an order is found in the log by a stranger who has its receipt and the log's key."""

import io
import re
import zipfile
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.access import actor_for
from accounts.models import Membership
from accounts.services.organisations import invite
from applications import services
from applications.documents.certificate_files import certificate_of
from applications.views.account import event_receipts, history
from certportal.dev.builders import orders, people
from certportal.foundation import clock
from certportal.foundation.event_log.notes import Verifier
from certportal.foundation.event_log.receipts import Receipt
from certportal.foundation.models import Event
from certportal.public import verify
from issuance import services as authority
from issuance.publication import repository
from issuance.services.errors import ReauthenticationTooOld
from tests.logged import answer_at_once, make_log

pytestmark = pytest.mark.django_db(transaction=True)

STEPS = ("start", "upload_csr", "choose_csr", "submit", "queue", "claim", "approve", "issue")


@pytest.fixture
def log(cas, settings, tmp_path, monkeypatch):
    """The public key of a log that the signing worker keeps."""
    answer_at_once(monkeypatch)
    return make_log(settings, tmp_path)


@pytest.fixture
def order(log, matti, riitta):
    """Matti's order, whose certificate was delivered and then revoked."""
    made = orders.delivered(matti, riitta)
    revoke(matti, made)
    return made


def revoke(person, order):
    services.revoke(
        order.pk,
        reason="superseded",
        words="Uusi palvelin",
        person=person,
        actor=actor_for(person),
        now=clock.now(),
    )


def proven(content: bytes, key: str):
    """Return the event that a stranger finds, who has this file and the key as text."""
    receipt = Receipt.parse(content)
    receipt.check(Verifier.parse(key))
    return receipt.event


def shown(web: Client, order) -> str:
    """Return the pages of an order and of its certificate, each of which has a history."""
    names = ("applications:order", "applications:certificate")
    return "".join(web.get(reverse(name, args=[order.pk])).text for name in names)


def links(page: str) -> list[str]:
    return re.findall(r'href="(/[^"]*/events/\d+/)"', page)


def checked(content: bytes) -> str:
    """Return the public page that checks the receipt, for a visitor."""
    given = {"file": SimpleUploadedFile("x.tlog-proof", content)}
    return Client().post("/en/verify/", given).content.decode()


def test_of_very_many_events_the_downloads_are_left_out(order, matti, log, monkeypatch):
    """Each receipt is asked for at the signing worker, and files are downloaded without end."""
    own = history.events_of(order).exclude(action="application.download").count()
    monkeypatch.setattr(event_receipts, "MOST", own)
    for kind in ("der", "pem"):
        services.record_download(order, kind, actor=actor_for(matti), now=clock.now())
    with translation.override("en"):
        place = reverse("applications:life", args=[order.pk])
    bundle = zipfile.ZipFile(io.BytesIO(people.log_in(Client(), matti).get(place).content))
    told = [name for name in bundle.namelist() if name.startswith("events/")]
    assert len(told) == own
    assert not any("download" in name for name in told)
    assert "Left out: 2 events." in bundle.read("README.txt").decode()


def test_every_line_of_an_order_s_history_has_its_receipt(order, matti, log):
    web = people.log_in(Client(), matti)
    with translation.override("en"):
        page = shown(web, order)
    found = [proven(web.get(link).content, str(log)) for link in links(page)]
    acts = [event["action"] for event in found]
    for each in ("start", "submit", "queue", "approve", "issue", "deliver", "revoke"):
        assert f"application.{each}" in acts
    assert acts[-1] != "application.claim"
    for each in ("prepared", "approved", "signing", "issued", "revoked"):
        assert f"issuance.{each}" in acts
    told = {event["data"].get("order", order.number) for event in found}
    assert told == {order.number}
    answer = web.get(links(page)[0])
    assert answer["Content-Disposition"].endswith('.tlog-proof"')


def test_from_invitation_to_revocation_each_step_is_found_with_the_receipt_alone(
    matti, pharmacy, riitta, log, now
):
    """Uuno is invited, orders, gets the certificate and revokes it."""
    invited = invite.invite(
        pharmacy,
        "uuno@example.fi",
        role=Membership.Role.APPLICANT,
        language="fi",
        by=matti,
        actor=actor_for(matti),
        now=now,
    )
    uuno = people.make_person("Uuno Uusi", now=now)
    invite.accept(invited.pk, invited.token, person=uuno, actor=actor_for(uuno), now=now)
    order = orders.delivered(uuno, riitta)
    revoke(uuno, order)
    steps = [
        ("invitation.made", "invitation", invited.pk),
        ("invitation.accepted", "invitation", invited.pk),
        *((f"application.{act}", "application", order.pk) for act in STEPS),
        ("issuance.issued", "prepared_certificate", certificate_of(order).prepared_id),
        ("issuance.revoked", "certificate", certificate_of(order).pk),
    ]
    at = []
    for action, kind, key in steps:
        event = Event.objects.get(action=action, object_type=kind, object_id=str(key))
        content = str(authority.receipts([event.pk])[event.pk]).encode()
        found = proven(content, repository.log_key_path().read_text())
        assert (found["action"], found["object_id"]) == (action, str(key))
        at.append(Receipt.parse(content).index)
        assert "The receipt is genuine" in checked(content)
    assert len(set(at)) == len(steps)


def test_strangers_get_no_receipt_and_neither_do_others_of_hidden_events(order, matti, kalle):
    shown = Event.objects.get(action="application.submit", object_id=str(order.pk))
    hidden = Event.objects.get(action="application.claim", object_id=str(order.pk))
    other = Event.objects.filter(object_type="person").latest("pk")
    with translation.override("en"):
        places = {
            event: reverse("applications:event_receipt", args=[order.pk, event.pk])
            for event in (shown, hidden, other)
        }
        life = reverse("applications:life", args=[order.pk])
    own, strange = people.log_in(Client(), matti), people.log_in(Client(), kalle)
    assert {strange.get(place).status_code for place in (*places.values(), life)} == {404}
    assert [own.get(place).status_code for place in places.values()] == [200, 404, 404]


def test_an_approval_that_was_refused_is_no_part_of_the_certificate_s_life(log, matti, riitta):
    order = orders.claimed(matti, riitta)
    orders.give_evidence(riitta, order)
    attempt, now = orders.prepared(order), clock.now()
    with pytest.raises(ReauthenticationTooOld):
        authority.approve(
            attempt.pk,
            person=riitta,
            reauthenticated_at=now - timedelta(hours=1),
            expected_sha256=attempt.tbs_sha256,
            now=now,
        )
    orders.press_approve(riitta, order)
    orders.drain()
    refused = Event.objects.get(action="issuance.approved", refused=True)
    web = people.log_in(Client(), matti)
    with translation.override("en"):
        page = shown(web, order)
        receipt = reverse("applications:event_receipt", args=[order.pk, refused.pk])
        life = web.get(reverse("applications:life", args=[order.pk])).content
    told = [proven(web.get(link).content, str(log)) for link in links(page)]
    assert [event["refused"] for event in told if event["action"] == "issuance.approved"] == [False]
    assert web.get(receipt).status_code == 404
    bundle = zipfile.ZipFile(io.BytesIO(life))
    assert [name for name in bundle.namelist() if f"{refused.pk}-" in name] == []
    assert len([name for name in bundle.namelist() if "issuance.approved" in name]) == 1


def test_a_signer_that_does_not_answer_is_told_so(order, matti, monkeypatch):
    monkeypatch.setattr("issuance.publication.ask_worker.exchange", lambda *_, **__: None)
    event = Event.objects.get(action="application.submit", object_id=str(order.pk))
    web = people.log_in(Client(), matti)
    answer = web.get(reverse("applications:event_receipt", args=[order.pk, event.pk]))
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")


def test_without_a_log_nothing_is_offered(cas, matti, riitta, settings, tmp_path):
    order = orders.delivered(matti, riitta)
    web = people.log_in(Client(), matti)
    page = shown(web, order)
    assert links(page) == []
    assert reverse("applications:life", args=[order.pk]) not in page
    assert web.get(reverse("applications:life", args=[order.pk])).status_code == 404
    assert "<form" not in Client().get("/en/verify/").content.decode().split("<main")[1]


def test_the_whole_life_comes_in_one_file(order, matti, log):
    web = people.log_in(Client(), matti)
    with translation.override("en"):
        answer = web.get(reverse("applications:life", args=[order.pk]))
    assert answer["Content-Type"] == "application/zip"
    bundle = zipfile.ZipFile(io.BytesIO(answer.content))
    assert bundle.testzip() is None
    content = {name: bundle.read(name) for name in bundle.namelist()}
    (der,) = [data for name, data in content.items() if name.endswith(".der")]
    assert der == bytes(certificate_of(order).der)
    key = content["event-log.vkey"].decode()
    receipts = {name: data for name, data in content.items() if name.startswith("events/")}
    told = [proven(data, key)["action"] for data in receipts.values()]
    assert told[0] == "application.start"
    assert {"issuance.issued", "issuance.revoked", "application.revoke"} <= set(told)
    readme = content["README.txt"].decode()
    assert order.number in readme
    assert [name for name in receipts if name not in readme] == []
    assert [data[:5] for name, data in content.items() if name.startswith("papers/")] == [b"%PDF-"]
    download = Event.objects.filter(action="application.download", data__kind="life")
    assert download.get().actor == str(actor_for(matti))


# ------------------------------------------------------------------ the public page


def test_a_visitor_is_told_what_is_proved_and_by_which_key(order, log):
    event = Event.objects.get(action="application.approve", object_id=str(order.pk))
    content = str(authority.receipts([event.pk])[event.pk]).encode()
    page = checked(content)
    assert "The receipt is genuine" in page
    assert "The certificate was approved" in page
    assert order.number in page
    assert str(log).replace("+", "&#x2B;") in page or str(log) in page
    pasted = Client().post("/en/verify/", {"text": content.decode()})
    assert "The receipt is genuine" in pasted.content.decode()
    assert not pasted.cookies


def test_a_visitor_is_told_what_is_wrong(order):
    event = Event.objects.get(action="application.approve", object_id=str(order.pk))
    content = str(authority.receipts([event.pk])[event.pk]).encode()
    changed = content.replace(b"index ", b"index 1", 1)
    assert "is not in the signed log" in checked(changed)
    assert "not an event receipt" in checked(b"something else")
    cut = content[: content.rindex(b"\xe2\x80\x94")] + b"\xe2\x80\x94 x AAAAAAAA\n"
    assert "is not signed" in checked(cut)
    assert "Choose a file or paste the receipt" in Client().post("/en/verify/").content.decode()


@pytest.mark.usefixtures("still")
def test_one_address_checks_so_many_receipts_and_loses_none(log, monkeypatch):
    monkeypatch.setattr(verify, "MOST", 1)
    assert "not an event receipt" in checked(b"something else")
    for given in (
        {"text": "the second one"},
        {"file": SimpleUploadedFile("a.txt", b"the second one")},
    ):
        answer = Client().post("/en/verify/", given)
        assert answer.status_code == 429
        assert int(answer["Retry-After"]) > 0
        assert "You have tried too many times." in answer.text
        assert "the second one" in answer.text


def test_the_key_is_published_for_machines(log):
    answer = Client().get("/ca/event-log.vkey")
    assert answer.content.decode() == f"{log}\n"
    assert answer["Content-Type"].startswith("text/plain")
