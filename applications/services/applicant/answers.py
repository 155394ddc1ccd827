"""Answers of the applicant to a request for information, and information given unasked."""

from datetime import datetime, timedelta
from typing import Unpack
from uuid import UUID

from django.db import transaction

from accounts.models import Person
from applications.access import stays_acting
from applications.errors import MayNotAct, NotPossible
from applications.models import Addition, Application, InformationRequest
from applications.rules import answers, contact_links, promise_pause, queue_order
from applications.rules.last_submission import checked_request
from applications.services import transition
from applications.services.applicant import contact_links as contact_links_applicant
from applications.services.applicant.attachments import remove_unsent
from applications.services.applicant.csr import refusals_on_record
from applications.services.applicant.identified import Signature
from applications.services.applicant.submission import freeze
from applications.workflow import Action
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused
from certportal.foundation.web import limits
from issuance import services as authority

MOST_ADDITIONS_A_DAY = 20


@refusals_on_record
def resubmit(
    application_id: UUID,
    *,
    version: int,
    actor: Actor,
    now: datetime,
    reply: str = "",
    seen: str = "",
    **signature: Unpack[Signature],
) -> Application:
    """Send the application again after a request for information, with an optional text reply.

    It is frozen and checked again, and returns to the same reviewer. After a reviewer's request
    the remaining working days continue from the next day; after a request by the checks all five
    start, because the application is complete only now. Raises what `submit` raises, and ReplySaved
    for a colleague's draft of a reply that the page did not show; the reply is then kept as a draft
    (`keep_reply`, also for `seen`).
    """
    try:
        return _resubmit(application_id, version, reply, seen, signature, actor, now)
    except Refused:
        if reply:
            _keep(application_id, reply, seen, signature["person"])
        raise


@transaction.atomic
def _resubmit(
    application_id: UUID,
    version: int,
    reply: str,
    seen: str,
    signature: Signature,
    actor: Actor,
    now: datetime,
) -> Application:
    application = transition.take(Action.RESUBMIT, application_id, version=version, now=now)
    submission = freeze(application, signature, now=now)
    answers.require_seen(application, reply, seen)
    if reply:
        _store(application, reply, signature["person"], now)
    resumed = promise_pause.answered(application, now)
    application.requests.filter(closed_at=None).update(closed_at=now, reply_draft="")
    authority.void(application.pk, "resubmitted", actor=actor, now=now)
    moved = transition.move(
        application,
        Action.RESUBMIT,
        actor,
        now,
        data={"submission": submission.sha256},
        submission=submission,
        completed_at=now,
        findings=[],
        **resumed,
    )
    # The answer may have changed or added the technical contact, who then needs a link.
    to = contact_links.named_anew(moved)
    contact_links_applicant.send_links(moved, actor=actor, now=now, to=to)
    contact_links_applicant.spend_sent([moved], actor=actor, now=now, to=to)
    return moved


def keep_reply(application_id: UUID, *, text: str, seen: str = "", person: Person) -> None:
    """Save a draft of the reply with the open question.

    It replaces the earlier draft, of which `seen` is the mark if the person's page showed it
    (`answers.mark_of`); it follows one that they have not seen. Every member who may order sees it.
    It is part of no submission and is deleted when the question is closed, unless a hearing
    replaces that. Raises NotPossible if no question is open, and MayNotAct.
    """
    if not _keep(application_id, text, seen, person):
        raise NotPossible


@transaction.atomic
def _keep(application_id: UUID, text: str, seen: str, person: Person) -> bool:
    """Store the draft; return False if no question is open. Raises MayNotAct."""
    application = transition.lock(application_id)
    if not stays_acting(person, application.organisation_id):
        raise MayNotAct
    question = application.requests.filter(closed_at=None).first()
    if question is None:
        return False
    question.reply_draft = answers.joined(question.reply_draft, text, seen)
    question.save(update_fields=["reply_draft"])
    return True


def close_unanswered(
    *applications: Application, cancelled: bool = False, actor: Actor, now: datetime
) -> None:
    """Close the open question of each of the locked orders, if any, without an answer.

    Documents attached to the unsent answer are removed.
    """
    for application in applications:
        remove_unsent(application, actor=actor, now=now)
    waiting = InformationRequest.objects.filter(application__in=applications, closed_at=None)
    waiting.update(closed_at=now, cancelled=cancelled, reply_draft="")


def replace_unanswered(application: Application, *, actor: Actor, now: datetime) -> str:
    """Close the locked order's open question, if any, for another; return the unsent reply to it.

    The documents attached to that reply stay, and go with the answer to the other
    (`answers.documents`). Without a question, documents that were never sent are removed.
    """
    question = application.requests.filter(closed_at=None).first()
    if question is None:
        remove_unsent(application, actor=actor, now=now)
        return ""
    reply = question.reply_draft
    question.closed_at, question.cancelled, question.reply_draft = now, True, ""
    question.save(update_fields=["closed_at", "cancelled", "reply_draft"])
    return reply


@transaction.atomic
def answer_hearing(
    application_id: UUID,
    *,
    text: str,
    seen: str = "",
    person: Person,
    version: int,
    actor: Actor,
    now: datetime,
) -> Application:
    """Answer a hearing with a text and the documents attached to the answer.

    The order itself is not sent again, so what would prevent that does not prevent the answer: it
    may be the subject of the hearing. Another certificate request that was chosen meanwhile is not
    sent either, and nothing has checked it: the order keeps the one that was. The case returns to
    its reviewer, and the working days continue from the next day. Raises Changed, NotPossible
    unless the applicant is heard, and ReplySaved as `resubmit` does.
    """
    application = transition.take(Action.ANSWER_HEARING, application_id, actor, version, now=now)
    answers.require_seen(application, text, seen)
    documents = [document.sha256 for document in answers.documents(application)]
    _store(application, text, person, now)
    resumed = promise_pause.answered(application, now)
    application.requests.filter(closed_at=None).update(closed_at=now, reply_draft="")
    return transition.move(
        application,
        Action.ANSWER_HEARING,
        actor,
        now,
        data={"answer_documents": documents} if documents else {},
        csr=checked_request(application),
        completed_at=application.completed_at or now,
        **resumed,
        **queue_order.next_from_today(application, now),
    )


@transaction.atomic
def add_information(
    application_id: UUID, *, text: str, person: Person, version: int, actor: Actor, now: datetime
) -> Application:
    """Add a text without having been asked; a question is answered by `resubmit`.

    Approvals become void, and the case comes next in the list of the reviewer who holds it.
    Raises Changed, NotPossible, and TooMany: each addition is mailed to the reviewer who holds the
    case.
    """
    application = transition.take(Action.ADD_INFORMATION, application_id, actor, version, now=now)
    authority.void(application.pk, "information_added", actor=actor, now=now)
    add_words(application, text, person, now)
    back = queue_order.next_from_today(application, now)
    return transition.move(application, Action.ADD_INFORMATION, actor, now, **back)


def add_words(application: Application, text: str, person: Person, now: datetime) -> None:
    """Store what the applicant wrote about the order unasked. Raises TooMany."""
    order, day = str(application.pk), timedelta(days=1)
    limits.spend("information", order, most=MOST_ADDITIONS_A_DAY, per=day, now=now)
    _store(application, text, person, now)


def _store(application: Application, text: str, person: Person, now: datetime) -> None:
    """Store the words. An answer that was asked for is not limited: it has a last day."""
    Addition.objects.create(application=application, person=person, text=text, at=now)
