"""The information system of a system signature certificate: the owner of its OID and name.

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
    message = _(
        "The OID of the information system is not under your organisation's own OID root. Change"
        " the OID of the information system, or write why the system has it, and send again."
    )


def root(application: Application, *, on: date) -> str:
    """Return the OID root of the provider or intermediary on that day, by the register.

    Until a unit is chosen, it is the root of the account's business ID; "" if it is unknown.
    """
    record = queries.get_record(application.record_oid, kind=application.record_kind, on=on)
    code = application.organisation.business_id
    if record is None and application.record_oid == "":
        record = queries.find_provider(code, on)
    if record is None:
        return organisation_root(code)
    return organisation_root(record.provider_oid or record.oid)


def is_under(oid: str, root: str) -> bool:
    return bool(root) and f"{oid}.".startswith(f"{root}.")


def is_outside(application: Application, *, on: date) -> bool:
    """Return whether the order's system OID is outside the organisation's own root."""
    if not (application.kind.has_system and application.system_oid):
        return False
    return not is_under(application.system_oid, root(application, on=on))


def is_unexplained(application: Application, *, on: date) -> bool:
    """Return whether the OID is outside the root without a reason, so that it cannot be sent."""
    return not application.system_oid_reason and is_outside(application, on=on)


def same_name(first: str, second: str) -> bool:
    """Return whether the names differ at most in case, accents, blanks and punctuation."""
    return _bare(first) == _bare(second)


def oid_elsewhere(application: Application) -> Application | None:
    """Return the latest order of another account with a certificate for the same OID."""
    return certified_elsewhere(application).filter(system_oid=application.system_oid).first()


def name_elsewhere(application: Application) -> Application | None:
    """Return the latest order of another account with a certificate for a system of this name."""
    name = _bare(application.system_name)
    orders = certified_elsewhere(application).only("number", "system_name", "organisation")
    return next((order for order in orders if _bare(order.system_name) == name), None)


def name_in_register(application: Application, *, on: date) -> RegisterRecord | None:
    """Return a record of another organisation, in either register, that has the system's name."""
    name = fold(application.system_name)[:LONGEST_NAME]
    own_root = root(application, on=on)
    namesakes = RegisterRecord.objects.filter(known_to=None, search_name=name)
    code = application.organisation.business_id
    others = (
        record
        for record in namesakes.order_by("oid", "pk")
        if record.business_id != code and not is_under(record.oid, own_root)
    )
    return next(others, None) if name else None


def certified_elsewhere(application: Application) -> QuerySet[Application]:
    """Return the orders of other accounts with a system signature certificate, the latest first.

    Orders pass to an organisation's successor; a certificate keeps the organisation that it was
    issued to.
    """
    own = application.organisation_id
    references = Certificate.objects.exclude(organisation=own).values("reference")
    orders = Application.objects.filter(~Q(system_oid=""), pk__in=references)
    return orders.exclude(organisation=own).order_by("-submitted_at", "pk")


def _bare(name: str) -> str:
    return fold(name).replace(" ", "")
