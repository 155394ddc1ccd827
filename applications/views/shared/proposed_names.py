"""The host names that wait for the applicant's word: each beside the request, and what is known."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from applications.models import Application, HostName
from applications.models.certificate_types import CertificateType
from applications.rules import domains
from applications.views.shared.comparison import names_in
from applications.workflow import Status
from issuance.certificate.hosts import registrable, with_unicode
from issuance.models import Certificate


@dataclass(frozen=True, slots=True)
class ProposedName:
    """One name, with its Unicode form: whether the request has it, what the service knows of it.

    `is_doubtful`: something about it should be looked at before it is confirmed.
    """

    name: str
    in_request: bool
    known: str
    is_doubtful: bool


def proposed_names(application: Application, *, now: datetime) -> list[ProposedName]:
    """Return the proposed names in order, then those that only the request has; else nothing."""
    if application.status != Status.NAMES_PROPOSED or application.csr is None:
        return []
    asked = [name.lower() for name in names_in(application.csr)]
    names = application.names
    unasked = [name for name in dict.fromkeys(asked) if name not in set(names)]
    return [
        *_proposed(application, names, set(asked), now),
        *(
            ProposedName(
                with_unicode(name),
                in_request=True,
                known=_("Only in the request: the certificate does not get it."),
                is_doubtful=True,
            )
            for name in unasked
        ),
    ]


def _proposed(
    application: Application, names: list[str], asked: set[str], now: datetime
) -> Iterator[ProposedName]:
    owner = application.organisation_id
    proven = domains.proven(owner, names, now=now) if domains.in_use() else set()
    within = {name: registrable(name) for name in names}
    known = _known_domains(owner, {one for one in within.values() if one})
    for name, domain in within.items():
        yield ProposedName(
            with_unicode(name),
            in_request=name in asked,
            known=_known(domain or name, is_proven=name in proven, is_known=domain in known),
            is_doubtful=name not in proven and domain not in known,
        )


def _known_domains(owner: UUID, domains: set[str]) -> set[str | None]:
    """Return those in which the organisation has had a certificate to use, not revoked since."""
    within = [Q(name=one) | Q(name__endswith=f".{one}") for one in domains]
    if not within:
        return set()
    kept = Certificate.objects.exclude(state=Certificate.State.REVOKED)
    names = HostName.objects.filter(
        reduce(or_, within),
        Exists(kept.filter(reference=OuterRef("application"))),
        application__organisation=owner,
        application__type__in=[one for one in CertificateType if not one.is_test],
    )
    return {registrable(name) for name in names.values_list("name", flat=True).distinct()}


def _known(domain: str, *, is_proven: bool, is_known: bool) -> str:
    if is_proven:
        return _("A DNS record shows that the domain is your organisation's.")
    shown = {"domain": with_unicode(domain)}
    if is_known:
        return _("Your organisation has had a certificate in the domain %(domain)s.") % shown
    text = _(
        "Your organisation has had no certificate in the domain %(domain)s. Check that it is"
        " written right and is yours."
    )
    return text % shown
