"""What was sent and what was uploaded cannot be changed, whoever has the database."""

import json
import uuid
from functools import partial

import pytest
from django.db import InternalError, transaction

from applications.models import Csr, Submission
from applications.services.applicant import submission
from applications.services.system import erase
from certportal.dev.builders import orders
from certportal.foundation import clock
from tests.tables import rewrite


@pytest.fixture
def sent(matti):
    """An order sent with its request."""
    return orders.submitted(matti)


def refused(change):
    """Whether the database refuses the change and keeps what it had."""
    try:
        with transaction.atomic():
            change()
    except InternalError as error:
        return "is kept as it is" in str(error)
    return False


CHANGES = [
    (Submission, {"content": "{}"}),
    (Submission, {"sha256": "0" * 64}),
    (Submission, {"language": "sv"}),
    (Submission, {"at": clock.now()}),
    (Submission, {"csr": None}),
    (Csr, {"der": b"another"}),
    (Csr, {"report": {}}),
    (Csr, {"sha256": "0" * 64}),
    (Csr, {"spki_sha256": "0" * 64}),
    (Csr, {"uploaded_by": f"person:{uuid.uuid4()}"}),
]


def test_neither_is_changed(sent):
    taken = [
        f"{model.__name__}: {change}"
        for model, change in CHANGES
        if not refused(partial(model.objects.filter(application=sent).update, **change))
    ]
    assert taken == []


def test_what_was_sent_is_not_deleted(sent):
    for model in (Submission, Csr):
        found = model.objects.filter(application=sent)
        assert refused(lambda found=found: found._raw_delete(found.db))


def test_a_draft_goes_with_its_request(matti):
    draft = orders.with_csr(matti)
    orders.services.discard(draft.pk, **orders.Handler(matti, draft).seen)
    assert not Csr.objects.exists()


def test_when_its_time_is_over_the_persons_go_and_the_hashes_stay(sent):
    before = sent.submissions.get().sha256, sent.csrs.get().sha256
    erase.erase(sent.pk, now=clock.now())
    submission, csr = sent.submissions.get(), sent.csrs.get()
    assert (submission.sha256, csr.sha256) == before
    assert "matti@example.fi" not in submission.content
    assert bytes(csr.der) == b""
    assert refused(lambda: sent.submissions.update(sha256="0" * 64))


@pytest.mark.parametrize(("given", "as_sent"), [("", True), ("1.2.246.10.1.12.1", False)])
def test_a_field_that_the_version_before_did_not_have_is_as_sent_while_it_is_empty(
    sent, given, as_sent
):
    sent.type, sent.system_oid = "system_signature", given
    kept = json.loads(sent.submission.content)
    rewrite(Submission.objects, content=json.dumps(kept | {"type": "system_signature"}))
    sent.submission.refresh_from_db()
    assert "system_oid" not in kept
    assert submission.is_as_sent(sent, now=clock.now()) is as_sent


def test_a_reason_is_as_sent_whichever_line_breaks_and_letters_it_was_saved_with(sent):
    sent.type, sent.system_oid_reason = "system_signature", "Sopimus 1.\nPääsy."
    kept = json.loads(sent.submission.content) | {"type": "system_signature"}
    for reason, as_sent in (
        ("Sopimus 1.\r\nPääsy.", True),
        ("Sopimus 1.\nPa\u0308a\u0308sy.", True),
        ("Sopimus 1. Pääsy.", False),
        ("Sopimus 1.\nPaasy.", False),
    ):
        frozen = json.dumps(kept | {"system_oid_reason": reason})
        rewrite(Submission.objects, content=frozen)
        sent.submission.refresh_from_db()
        assert submission.is_as_sent(sent, now=clock.now()) is as_sent
