"""Why a prepared certificate became void, or an approved order returned to review, in words."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from applications.models import Application
from applications.workflow import ApplicationEvent
from certportal.foundation.models import Event

VOID_REASONS: dict[str, Promise] = {
    "released": gettext_lazy("the reviewer gave the case back"),
    "information_requested": gettext_lazy("more information was requested"),
    "information_added": gettext_lazy("the applicant added information"),
    "resubmitted": gettext_lazy("the applicant submitted again"),
    "names_chosen": gettext_lazy("other names were chosen"),
    "csr_replaced": gettext_lazy("the certificate request was replaced"),
    "prepared_anew": gettext_lazy("it was prepared again"),
    "found_in_journal": gettext_lazy("the certificate had been signed already"),
    "evidence_changed": gettext_lazy("the evidence was changed after an approval"),
    "waiver_withdrawn": gettext_lazy("a waiver was withdrawn"),
    "waiver_ended": gettext_lazy("a waiver had ended"),
    "order.not_waived": gettext_lazy("a waiver, or the time of an authority to act, had ended"),
    "succeeded": gettext_lazy("the organisation was succeeded by another"),
    "membership_ended": gettext_lazy("the agency ended the membership of the person who sent it"),
    "right_withdrawn": gettext_lazy(
        "the authority to act of the person who sent it is no longer confirmed"
    ),
    "account_closed": gettext_lazy("the agency closed the organisation's account"),
    "end_with_account": gettext_lazy("the agency closed the organisation's account"),
    "rejected": gettext_lazy("the order was rejected"),
    "withdraw": gettext_lazy("the order was withdrawn"),
    "lapse": gettext_lazy("the order lapsed"),
    "expired": gettext_lazy("it was not issued in time"),
    "ca_not_active": gettext_lazy("the issuing authority was not in use"),
    "journal_lost": gettext_lazy("the machine that was signing it was lost"),
    "rules_changed": gettext_lazy("the authority's rules had changed"),
    "approvals_missing": gettext_lazy("approvals were missing"),
    "approval_not_proved": gettext_lazy("the approvers' own signatures were missing"),
    "nothing_prepared": gettext_lazy("no certificate was prepared"),
    "key.in_use": gettext_lazy("the key is in use elsewhere"),
    "key.blocked": gettext_lazy("the key has been blocked"),
    "no_order": gettext_lazy("there is no order for it"),
    "erased": gettext_lazy("its data was erased when its time was over"),
    "revoked_meanwhile": gettext_lazy("the old certificate was revoked meanwhile"),
    "replaced_already": gettext_lazy("another plan replaced it first"),
    "order.sender_left": gettext_lazy("the person who sent the order had left the organisation"),
    "order.domain_not_proven": gettext_lazy("a domain's DNS record was not found any more"),
    "order.names_changed": gettext_lazy("the register's names changed"),
    "order.conformity_missing": gettext_lazy("the certificate of conformity was missing"),
    "order.conformity_expired": gettext_lazy("the certificate of conformity had expired"),
    "order.register_unknown": gettext_lazy("the unit is not in the register"),
    "order.register_removed": gettext_lazy("the unit was removed from the register"),
    "order.register_not_active": gettext_lazy("the unit is not active in the register"),
    "order.register_not_yet_valid": gettext_lazy("the unit is not yet valid in the register"),
    "order.register_ended": gettext_lazy("the unit has ended in the register"),
    "order.register_other_owner": gettext_lazy("the unit belongs to another organisation"),
}


def void_reason(reason: str) -> str:
    """Return the stored reason in words; one without words as it is."""
    return str(VOID_REASONS.get(reason, reason))


def why_recalled(application: Application) -> str:
    """Return why the order last returned to review after its approval; "" if it never did."""
    recalled = Event.objects.filter(
        object_type="application", object_id=str(application.pk), action=ApplicationEvent.RECALL
    )
    last = recalled.order_by("pk").last()
    return void_reason(last.data.get("reason", "")) if last else ""
