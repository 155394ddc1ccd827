"""The proposed host names that the applicant is asked to confirm, compared with the request."""

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
    """A name with its Unicode form, whether the request contains it, and what is known about it.

    `is_doubtful`: the applicant should check it before confirming.
    """

    name: str
    in_request: bool
    known: str
    is_doubtful: bool


def proposed_names(application: Application, *, now: datetime) -> list[ProposedName]:
    """Return the proposed names in order, then those only in the request; [] if none."""
    if application.status != Status.NAMES_PROPOSED or application.csr is None:
        return []
    requested = [name.lower() for name in names_in(application.csr)]
    names = application.names
    only_requested = [name for name in dict.fromkeys(requested) if name not in set(names)]
    return [
        *_proposed(application, names, set(requested), now),
        *(
            ProposedName(
                with_unicode(name),
                in_request=True,
                known=_("Only in the request: the certificate does not get it."),
                is_doubtful=True,
            )
            for name in only_requested
        ),
    ]


def _proposed(
    application: Application, names: list[str], requested: set[str], now: datetime
) -> Iterator[ProposedName]:
    owner = application.organisation_id
    proven = domains.proven(owner, names, now=now) if domains.in_use() else set()
    within = {name: registrable(name) for name in names}
    known = _known_domains(owner, {domain for domain in within.values() if domain})
    for name, domain in within.items():
        yield ProposedName(
            with_unicode(name),
            in_request=name in requested,
            known=_known(domain or name, is_proven=name in proven, is_known=domain in known),
            is_doubtful=name not in proven and domain not in known,
        )


def _known_domains(owner: UUID, domains: set[str]) -> set[str | None]:
    """Return domains for which the organisation has had a production certificate, not revoked."""
    within = [Q(name=domain) | Q(name__endswith=f".{domain}") for domain in domains]
    if not within:
        return set()
    unrevoked = Certificate.objects.exclude(state=Certificate.State.REVOKED)
    names = HostName.objects.filter(
        reduce(or_, within),
        Exists(unrevoked.filter(reference=OuterRef("application"))),
        application__organisation=owner,
        application__type__in=[kind for kind in CertificateType if not kind.is_test],
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
