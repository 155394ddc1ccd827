"""The information system of a system signature: whose OID it has, and who else has its name.

Each organisation gives its systems OIDs under its own root (JHS 159), see
docs/decisions/system-identifiers.md.
"""

from datetime import date

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.register.identifiers import organisation_root
from accounts.register.lookup import queries
from accounts.register.lookup.folding import LONGEST_NAME, fold
from accounts.register.models import RegisterRecord
from applications.models import Application
from certportal.foundation.errors import Refused
from issuance.models import Certificate


class ForeignOid(Refused):
    """The system's OID is not under the root of the organisation that the certificate names, and
    the applicant gives no reason for it.
    """

    message = _(
        "The OID of the information system is not under your organisation's own OID root. Change"
        " the OID of the information system, or write why the system has it, and send again."
    )


def root(application: Application, *, on: date) -> str:
    """Return the OID root of the provider or intermediary that day, by the register.

    Until a unit is chosen, the root of the account's business ID; empty when nothing tells it.
    """
    kind = application.record_kind
    record = queries.get_record(application.record_oid, kind=kind, on=on)
    code = application.organisation.business_id
    if record is None and application.record_oid == "":
        record = queries.find_provider(code, on)
    if record is None:
        return organisation_root(code)
    return organisation_root(record.provider_oid or record.oid)


def is_under(oid: str, root: str) -> bool:
    """Return whether the OID is the root or lies under it."""
    return bool(root) and f"{oid}.".startswith(f"{root}.")


def is_outside(application: Application, *, on: date) -> bool:
    """Return whether the order asks for a system OID that is not the organisation's to give."""
    if not (application.kind.has_system and application.system_oid):
        return False
    return not is_under(application.system_oid, root(application, on=on))


def is_unexplained(application: Application, *, on: date) -> bool:
    """Return whether it does so without a reason, so that it cannot be sent."""
    return not application.system_oid_reason and is_outside(application, on=on)


def same_name(one: str, other: str) -> bool:
    """Return whether the names differ at most in case, accents, blanks and punctuation."""
    return _bare(one) == _bare(other)


def oid_elsewhere(application: Application) -> Application | None:
    """Return the latest order by which the same OID was certified for another account."""
    return certified_elsewhere(application).filter(system_oid=application.system_oid).first()


def name_elsewhere(application: Application) -> Application | None:
    """Return the latest order by which a system of the same name was certified for another
    account.
    """
    wanted = _bare(application.system_name)
    others = certified_elsewhere(application).only("number", "system_name", "organisation")
    return next((one for one in others if _bare(one.system_name) == wanted), None)


def name_in_register(application: Application, *, on: date) -> RegisterRecord | None:
    """Return a record of another organisation, in either register, that has the system's name."""
    name = fold(application.system_name)[:LONGEST_NAME]
    own = root(application, on=on)
    same = RegisterRecord.objects.filter(known_to=None, search_name=name).order_by("oid", "pk")
    code = application.organisation.business_id
    others = (one for one in same if one.business_id != code and not is_under(one.oid, own))
    return next(others, None) if name else None


def certified_elsewhere(application: Application) -> QuerySet[Application]:
    """Return the orders of other accounts that brought a system signature certificate, latest
    first. Orders follow an organisation to its successor; a certificate names whom it was issued
    to.
    """
    mine = application.organisation_id
    theirs = Certificate.objects.exclude(organisation=mine).values("reference")
    found = Application.objects.filter(~Q(system_oid=""), pk__in=theirs)
    return found.exclude(organisation=mine).order_by("-submitted_at", "pk")


def _bare(name: str) -> str:
    return fold(name).replace(" ", "")
