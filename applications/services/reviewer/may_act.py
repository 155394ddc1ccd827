"""The obstacles to a reviewer's action on a case: pages list all, services raise the first."""

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from uuid import UUID

from django.utils.translation import gettext as _, gettext_lazy

from accounts.models import Person
from accounts.register.models import RegisterRecord
from applications import workflow
from applications.checks import still_true
from applications.checks.wording import word
from applications.errors import AccountOver, Erased, NotPossible, NotYourCase, require
from applications.models import Application, Check
from applications.rules import case_holder, certificate_preparation, impartiality, waivers
from applications.rules.attempts import approvals_of, attempts
from applications.rules.sender import lacks_right
from applications.services import transition
from applications.services.applicant import submission
from applications.workflow import Action, Role, Status
from certportal.foundation import clock
from certportal.foundation.database.related_rows import related_row
from certportal.foundation.errors import NotAllowed, Refused, Stale, Unavailable
from issuance.services.errors import NotOpen


class EvidenceMissing(Refused):
    message = gettext_lazy(
        "Record for each host name how you saw that the applicant administers it."
    )


class RightMissing(Refused):
    message = gettext_lazy(
        "Confirm first that the person who sent the order may act for the organisation."
    )


class NotWaived(Refused):
    """Something about the order is acceptable only with a waiver, and none is in force."""

    message = gettext_lazy(
        "Waive what the checks found with reasons and an end date, record other evidence, or ask"
        " the applicant to correct the order."
    )


class ChangesUnsent(Refused):
    """The applicant changed what is certified or weighed, and it was not sent again.

    So after an answer in words to a hearing, or when the order is taken up again.
    """

    message = gettext_lazy(
        "The applicant has changed the order and not sent the changes. Request information, so"
        " that they look at the order and send it again."
    )


class ApprovedAlready(NotAllowed):
    message = gettext_lazy(
        "You have approved this certificate. Another reviewer must approve it too."
    )


class PreparedAlready(Stale):
    """The certificate is prepared, and preparing it again would give the same result."""

    message = gettext_lazy("The certificate has been prepared already.")


class BeingPrepared(Stale):
    """The certificate is being prepared, and asking again would give the same result."""

    message = gettext_lazy("The certificate is being prepared. It takes a moment.")


CHANGED_UNSENT = gettext_lazy(
    "The applicant has changed the order and not sent it yet, so what you asked cannot be taken"
    " back."
)
CSR_UNCHECKED = gettext_lazy(
    "The order has another certificate request by now, which has not been checked, so what you"
    " asked cannot be taken back."
)


class DeadlineOpen(Refused):
    message = gettext_lazy("The applicant still has time to answer.")


class FactsChanged(Refused):
    """A fact that the certificate rests on no longer holds, or cannot be checked now."""

    def __init__(self, title: str, text: str = "") -> None:
        super().__init__(f"{title}. {text}" if text else title)


class KeyBlocked(FactsChanged):
    """The key of the certificate request was blocked after the checks."""


class CAOutOfUse(FactsChanged):
    """The CA of the prepared certificate issues no more, so its bytes would not be signed."""


class Case:
    """A case as seen by a reviewer at a time; each fact is looked up at most once.

    `prepared` is the latest attempt at its certificate, or None.
    """

    def __init__(self, application: Application, person: Person, *, now: datetime) -> None:
        """Keep the application, which services have locked."""
        self.application, self.person, self.now = application, person, now
        self.prepared = next(iter(attempts(application.pk)), None)

    def require(self, action: Action) -> None:
        """Raise the first obstacle to the action, if there is one."""
        require(self.obstacles(action))

    def actions(self) -> set[Action]:
        possible = workflow.actions(self.application.status, Role.REVIEWER)
        return {action for action in possible if not any(self.obstacles(action))}

    def obstacles(self, action: Action) -> Iterator[Refused]:
        """Yield the obstacles to the action: those to handling the case, then the action's own."""
        yield from self.obstacles_to_handle(action)
        if action in NEEDS and workflow.may(action, self.application.status, Role.REVIEWER):
            yield from NEEDS[action](self)

    def obstacles_to_handle(self, action: Action) -> Iterator[Refused]:
        """Yield bias, another reviewer's holding the case, and its status, if they prevent it.

        Bias does not prevent releasing a case.
        """
        if self.bias is not None and action != Action.RELEASE:
            yield self.bias
        in_status = workflow.may(action, self.application.status, Role.REVIEWER)
        if not self._holder_allows(action):
            if action not in {Action.CLAIM, Action.TAKE_OVER}:
                yield NotYourCase()
            elif in_status:
                yield NotPossible(self._holder())
        if not in_status:
            yield NotPossible(status=self.application.status_words)

    def obstacles_to_prepare(self) -> bool:
        """Return whether the certificate is prepared already, or being prepared."""
        return any(self._to_claim())

    @cached_property
    def bias(self) -> NotAllowed | None:
        """The reason why the reviewer is disqualified, or None."""
        return impartiality.bias(self.person, self.application, now=self.now)

    @property
    def is_mine(self) -> bool:
        return self.application.reviewer_id == self.person.pk

    @property
    def is_open(self) -> bool:
        """Whether the prepared certificate can be approved at this moment."""
        prepared = self.prepared
        return prepared is not None and prepared.is_open and prepared.is_timely(self.now)

    @property
    def record(self) -> RegisterRecord | None:
        """The register record of the unit on which an approval rests."""
        return self._facts[0]

    @property
    def changed(self) -> FactsChanged | None:
        """The error about a fact that no longer holds, or None."""
        return self._facts[1]

    @cached_property
    def _is_free(self) -> bool:
        return case_holder.is_free(self.application)

    @cached_property
    def _facts(self) -> tuple[RegisterRecord | None, FactsChanged | None]:
        """Look up record and fault at once: an import in between could change the record."""
        try:
            look = still_true.look(self.application, now=self.now)
        except Unavailable:
            return None, FactsChanged(
                _("The mirror of the register is too old"), _("Try again when it has been renewed.")
            )
        if look.fault is None:
            return look.record, self._ca_out_of_use()
        words = word(look.fault)
        if look.fault.rule == "key.blocked":
            return look.record, KeyBlocked(words.text)
        # The text alone names the unit and the fault.
        if look.fault.rule.startswith("order.register_"):
            return look.record, FactsChanged(words.text)
        return look.record, FactsChanged(words.title, words.text)

    def _ca_out_of_use(self) -> CAOutOfUse | None:
        if self.prepared is None or not self.prepared.is_open or self.prepared.is_of_active_ca:
            return None
        title = _("The certificate authority that was to sign this certificate issues no more")
        return CAOutOfUse(title, _("Have the certificate prepared again: the next one signs it."))

    def _holder(self) -> str:
        """Return in words who has the case, for a reviewer who cannot take it for that reason."""
        if self.is_mine:
            return _("You have the case already.")
        if self._is_free and any(self.obstacles_to_handle(Action.CLAIM)):
            return _("Nobody has the case.")
        if self._is_free:
            return _("Nobody has the case. You can take it on its page.")
        return _("Another reviewer has this case.")

    def _holder_allows(self, action: Action) -> bool:
        """Return whether the holder of the case allows the reviewer's action.

        Others may approve a case that somebody holds, as a second person must. A request for
        information in a case that no current reviewer holds (the checks made it, or its reviewer
        has left the role) may be handled by any reviewer, and handed over by nobody.
        """
        if action == Action.TAKE_OVER:
            return not self._is_free and not self.is_mine
        if action == Action.REOPEN or self.is_mine:
            return True
        if action == Action.CLAIM:
            return self._is_free
        if action == Action.HAND_OVER:
            return False
        if action == Action.APPROVE:
            return not self._is_free
        return self._is_free and self.application.status == Status.INFO_REQUESTED

    def _to_claim(self) -> Iterator[Refused]:
        """Yield why a holder's claim, which prepares the certificate again, would be useless.

        It is useful only if the request or submission is a later one, or a fact has changed: a case
        may come back with an approved certificate, which then needs new approvals.
        """
        if not self.is_mine:
            return
        if certificate_preparation.is_under_way(self.application):
            yield BeingPrepared()
        elif self._is_from_present_submission() and self.changed is None:
            yield PreparedAlready()

    def _to_approve(self) -> Iterator[Refused]:
        """Yield what is missing, in the order of the checklist beside it (`case/checklist.py`)."""
        if lacks_right(self.application, on=clock.day(self.now)):
            yield RightMissing()
        is_of_register = not isinstance(self.changed, KeyBlocked | CAOutOfUse)
        if self.changed and is_of_register:
            yield self.changed
        if not all(host.evidence for host in self.application.hosts):
            yield EvidenceMissing()
        if self.changed and not is_of_register:
            yield self.changed
        if waivers.unwaived(self.application, on=clock.day(self.now)):
            yield NotWaived()
        if not self._is_from_present_submission():
            yield NotOpen()
        # Also while none is prepared: another preparation would not help.
        if not submission.is_as_sent(self.application, now=self.now):
            yield ChangesUnsent()
        approvals = approvals_of(self.prepared) if self.prepared else []
        if any(approval.person_id == self.person.pk for approval in approvals):
            yield ApprovedAlready()

    def _is_from_present_submission(self) -> bool:
        """Return whether there is an open attempt, made from the present request and submission.

        A slow preparation may finish after the order was sent again.
        """
        application, prepared = self.application, self.prepared
        if prepared is None or not self.is_open:
            return False
        csr, sent = (related_row(application, name) for name in ("csr", "submission"))
        present = (csr.sha256, sent.sha256)
        made_from = (prepared.csr_sha256, prepared.submission_sha256)
        return present == made_from

    def _to_reject(self) -> Iterator[Refused]:
        question = self.application.question
        if question is not None and question.deadline >= clock.day(self.now):
            yield DeadlineOpen()

    def _to_hear(self) -> Iterator[Refused]:
        """Yield obstacles to a hearing, which replaces another request after its deadline."""
        question = self.application.question
        if question is not None and question.is_hearing:
            yield NotPossible(_("The applicant is being heard already."))
        yield from self._to_reject()

    def _to_reopen(self) -> Iterator[Refused]:
        if self.application.erased_at is not None:
            yield Erased()
        # Nobody could answer a question about it, and the checks return it: the unit is another's.
        if self.application.organisation.is_closed:
            yield AccountOver()

    def _to_cancel_request(self) -> Iterator[Refused]:
        """Yield why the order cannot go on as sent: it differs, or its request was not checked."""
        application = self.application
        if not submission.is_as_sent(application, now=self.now):
            yield NotPossible(CHANGED_UNSENT)
        checked = Check.objects.filter(submission=application.submission_id, csr=application.csr_id)
        if not checked.exists():
            yield NotPossible(CSR_UNCHECKED)


NEEDS = {
    Action.CLAIM: Case._to_claim,
    Action.APPROVE: Case._to_approve,
    Action.REJECT: Case._to_reject,
    Action.HEAR: Case._to_hear,
    Action.CANCEL_REQUEST: Case._to_cancel_request,
    Action.REOPEN: Case._to_reopen,
}


def locked(application_id: UUID, person: Person, version: int, *, now: datetime) -> Case:
    """Return the case with its application locked. Raises Changed, NotReviewer."""
    application = transition.lock(application_id, version=version)
    impartiality.require_reviewer(person)
    return Case(application, person, now=now)


def take(
    action: Action, application_id: UUID, person: Person, version: int, *, now: datetime
) -> Application:
    """Return the locked application for the action.

    Raises Changed, NotReviewer, or the first obstacle to it.
    """
    case = locked(application_id, person, version, now=now)
    case.require(action)
    return case.application
