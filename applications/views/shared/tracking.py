"""The progress of an order: its stages, whose turn it is, and the promise, in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy, ngettext, pgettext_lazy

from applications.models import Application, InformationRequest
from applications.rules import (
    case_holder,
    contact_links,
    lapse,
    promise_pause,
    proposed_names,
    queue_order,
    sender,
)
from applications.workflow import STAGES, ApplicationEvent, Role, Status, promise
from certportal.foundation import clock
from certportal.foundation.models import Event

TITLES: tuple[Promise, ...] = (
    pgettext_lazy("stage", "Filling in"),
    pgettext_lazy("stage", "Sending and automatic check"),
    pgettext_lazy("stage", "Review"),
    pgettext_lazy("stage", "Making the certificate"),
    pgettext_lazy("stage", "Delivery"),
)
# Statuses expressed by their stage alone; for others the stage also shows the status.
SAID = {Status.DRAFT, Status.CHECKING, Status.IN_REVIEW, Status.APPROVED, Status.DELIVERED}
STOPPED = {Status.REJECTED, Status.WITHDRAWN, Status.LAPSED}
TURNS: dict[Status, Promise] = {
    Status.DRAFT: gettext_lazy("Your order is not sent yet: fill it in and send it."),
    Status.AWAITING_CSR: gettext_lazy("Send the certificate request (CSR) next."),
    Status.NAMES_PROPOSED: gettext_lazy(
        "The technical contact has proposed the host names. Confirm them or send them back."
    ),
    Status.CHECKING: gettext_lazy(
        "The service is checking the order. You don't need to do anything."
    ),
    Status.IN_REVIEW: gettext_lazy("With a reviewer. You don't need to do anything."),
    Status.INFO_REQUESTED: gettext_lazy("Your reply is needed."),
    Status.APPROVED: gettext_lazy("The order is approved. The certificate is being made."),
    Status.ISSUED: gettext_lazy("The certificate has been made and is being mailed."),
    Status.DELIVERED: gettext_lazy(
        "The certificate has been delivered. Install it where its private key was made."
    ),
    Status.REJECTED: gettext_lazy("The order was rejected."),
    Status.WITHDRAWN: gettext_lazy("The order was withdrawn."),
    Status.LAPSED: gettext_lazy("The order lapsed because it was not completed in time."),
}
CHECKED_UNCONFIRMED = gettext_lazy("The service is checking the order.")
UNCLAIMED = gettext_lazy("Waiting for a reviewer. You don't need to do anything.")
UNCONFIRMED = gettext_lazy(
    "With a reviewer, who must also confirm your authority to act before the certificate can be"
    " issued."
)
UNCLAIMED_UNCONFIRMED = gettext_lazy(
    "Waiting for a reviewer, who must also confirm your authority to act before the certificate"
    " can be issued."
)
CLOSED_ACCOUNT = gettext_lazy("The order lapsed because the customer account was closed.")


@dataclass(frozen=True, slots=True)
class Step:
    """A stage: its name, state (done, current, ahead, stopped) and a line of text."""

    title: str
    state: str
    text: str = ""
    time: datetime | None = None


def at(application: Application) -> int:
    """Return the number of the stage of an open order, from 1."""
    return 1 + next((index for index, stage in enumerate(STAGES) if application.status in stage), 0)


def stages(application: Application, *, status_words: str = "") -> list[Step]:
    """Return the stages of the order, for the tracker.

    `status_words` is the status in words to show, by default as the organisation reads it.
    """
    status = Status(application.status)
    if status in STOPPED:
        sent = Step(_("Order sent"), "done", time=application.submitted_at)
        return [sent, Step(str(status.label), "stopped", time=application.ended_at)]
    at = next(index for index, stage in enumerate(STAGES) if status in stage)
    delivered = status is Status.DELIVERED
    steps = []
    for index, title in enumerate(TITLES):
        state = "done" if index < at or delivered else "current" if index == at else "ahead"
        words = status_words or application.status_words_for(Role.APPLICANT)
        text = words if state == "current" and status not in SAID else ""
        steps.append(Step(str(title), state, text, _time(application, index, state)))
    return steps


def _time(application: Application, index: int, state: str) -> datetime | None:
    if index == 0:
        return application.created_at
    if index == 1 and state != "ahead":
        return application.submitted_at
    return application.ended_at if index == len(TITLES) - 1 else None


def turn_words(application: Application, *, now: datetime) -> str:
    """Return whose turn it is in a sentence; for an order that has ended, how it ended."""
    status = Status(application.status)
    if status is Status.AWAITING_CSR and contact_links.is_asked(application, now=now):
        words = _(
            "We have asked %(name)s for the certificate request (CSR). Check that they have got our"
            " message, or send the request yourself."
        )
        return words % {"name": application.technical_name}
    if status is Status.IN_REVIEW:
        return str(_in_review(application, now))
    if status is Status.CHECKING and sender.lacks_right(application, on=clock.day(now)):
        return str(CHECKED_UNCONFIRMED)
    if status is Status.LAPSED and _ended_with_account(application):
        return str(CLOSED_ACCOUNT)
    if status is Status.DELIVERED and application.installed_at is not None:
        return _("The certificate is in use.")
    if (hearing := _hearing(application)) is not None:
        words = _("Tell us your views before we decide. Answer by %(day)s.")
        return words % {"day": date_format(hearing.deadline, "WEEKDAY_FORMAT")}
    return str(TURNS[status])


def _in_review(application: Application, now: datetime) -> Promise:
    is_free = case_holder.is_free(application)
    if sender.lacks_right(application, on=clock.day(now)):
        return UNCLAIMED_UNCONFIRMED if is_free else UNCONFIRMED
    return UNCLAIMED if is_free else TURNS[Status.IN_REVIEW]


def _hearing(application: Application) -> InformationRequest | None:
    question = application.question
    return question if question is not None and question.is_hearing else None


def _ended_with_account(application: Application) -> bool:
    return Event.objects.filter(
        object_type="application",
        object_id=str(application.pk),
        action=ApplicationEvent.END_WITH_ACCOUNT,
    ).exists()


def promise_words(application: Application, *, now: datetime) -> str:
    """Return by when the order will be handled, or why no day is promised; "" once settled."""
    status = Status(application.status)
    waits = status in {Status.AWAITING_CSR, Status.NAMES_PROPOSED}
    if waits and proposed_names.are_awaited(application):
        return promise_after(names=True)
    if status is Status.AWAITING_CSR:
        return promise_after(names=False)
    if status is Status.INFO_REQUESTED and application.due_on is None:
        return promise_pause.words(application, is_heard=_hearing(application) is not None)
    if application.due_on is None or status in {Status.ISSUED, Status.DELIVERED, *STOPPED}:
        return ""
    shown = {"day": date_format(application.due_on, "WEEKDAY_FORMAT")}
    if clock.day(now) > application.due_on:
        return _late(-promise.days_left(application.due_on, now), shown["day"])
    return _("We will handle the order by %(day)s.") % shown


def promise_after(*, names: bool) -> str:
    """Return the promise for an order that waits for its host names, or else its request."""
    words = _(
        "We handle the order within %(days)s working days (Monday to Friday) after the certificate"
        " request has come."
    )
    if names:
        words = _(
            "We handle the order within %(days)s working days (Monday to Friday) after the host"
            " names have been confirmed."
        )
    return words % {"days": promise.WORKING_DAYS}


def place_words(application: Application) -> str:
    """Return how many orders come before this one in the queue; "" once it is claimed."""
    waits = application.status == Status.IN_REVIEW and case_holder.is_free(application)
    if not waits or application.due_on is None:
        return ""
    count = queue_order.before(application).count()
    if count == 0:
        return _("The order is the next to be taken by a reviewer.")
    text = ngettext(
        "%(count)d order will be taken by a reviewer before this one.",
        "%(count)d orders will be taken by a reviewer before this one.",
        count,
    )
    return text % {"count": count}


WAITS: dict[str, Promise] = {
    "register": gettext_lazy(
        "The checks are waiting for newer data from the register: our copy is too old to decide on."
        " They will continue by themselves, and you don't need to do anything."
    ),
}


def waiting_words(application: Application) -> str:
    """Return which source the order waits for, in a sentence; "" if none."""
    if not application.waiting_for:
        return ""
    other = gettext_lazy(
        "The checks are waiting for a source that does not respond. They will continue by"
        " themselves."
    )
    return str(WAITS.get(application.waiting_for, other))


def lapse_words(application: Application) -> str:
    """Return by when an incomplete order must be completed, or it lapses; "" if it cannot."""
    day = lapse.lapses_on(application)
    if day is None:
        return ""
    last = date_format(day - timedelta(days=1), "DATE_FORMAT")
    if application.status == Status.INFO_REQUESTED:  # the question's deadline stands above this
        text = _(
            "If no answer comes by then, we may decide the order without it. The order lapses if it"
            " has not been completed by %(last)s."
        )
    else:
        text = _("Complete the order by %(last)s. Otherwise it lapses and is no longer handled.")
    return text % {"last": last}


def _late(days: int, day: str) -> str:
    if days == 0:  # the promise ended before a weekend or holiday that is not over
        text = _(
            "We promised to handle the order by %(day)s and are late. We are sorry; the order is"
            " still being handled."
        )
        return text % {"day": day}
    text = ngettext(
        "We promised to handle the order by %(day)s and are %(days)d working day late. We are"
        " sorry; the order is still being handled.",
        "We promised to handle the order by %(day)s and are %(days)d working days late. We are"
        " sorry; the order is still being handled.",
        days,
    )
    return text % {"day": day, "days": days}
