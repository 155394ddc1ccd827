"""The service's limits and periods as numbers for the sentences of pages and mails.

In templates, `{% blocktranslate with days="working_days"|fact %}`. So each number is defined once,
in the code that applies it.
"""

from datetime import timedelta

from django import template

from accounts import access
from accounts.factors import app_codes
from accounts.identification import flow
from accounts.models import Invitation
from accounts.register.mirror import imports
from accounts.services.organisations import administrator_requests
from applications.models.certificate_types import CertificateType
from applications.rules import certificate_names, contact_links, lapse, retention
from applications.services.applicant import identified
from applications.workflow import promise
from certportal.foundation import agency
from certportal.foundation.web.forms import LONGEST_SEARCH
from issuance.conf import pki
from issuance.services.issuing import to_sign

register = template.Library()

MINUTE = timedelta(minutes=1)
FACTS = {
    "acceptance_days": imports.ACCEPTANCE_LASTS.days,
    "administrators_days": administrator_requests.TIME_TO_ANSWER.days,
    "app_digits": app_codes.DIGITS,
    "approval_minutes": access.SECOND_FACTOR_LASTS // MINUTE,
    "draft_months": lapse.DRAFT_MONTHS,
    "estranged_months": access.ESTRANGED_MONTHS,
    "feedback_days": agency.FEEDBACK_DAYS,
    "identification_minutes": flow.LASTS // MINUTE,
    "invitation_days": Invitation.LASTS.days,
    "lapse_months": lapse.LAPSE_MONTHS,
    "link_days": contact_links.KEPT.days,
    "mending_days": lapse.MENDING_DAYS,
    "name_characters": certificate_names.LONGEST,
    "register_years": (retention.ISSUED.months or 0) // 12,
    "replacement_persons": to_sign.FOR_REISSUE,
    "search_characters": LONGEST_SEARCH,
    "sending_minutes": identified.IDENTIFICATION_LASTS // MINUTE,
    "status_hours": pki().status_hours,
    "working_days": promise.WORKING_DAYS,
    **{f"{kind.value}_years": kind.most_months // 12 for kind in CertificateType},
}


@register.filter
def fact(name: str) -> int:
    """Return the number of that name. Raises KeyError for an unknown name."""
    return FACTS[name]
