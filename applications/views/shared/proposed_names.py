"""The host names that wait for the applicant's word: each beside the request, and what is known."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from applications.models import Application, HostName
from applications.rules import domains
from applications.workflow import Status
from issuance.certificate.hosts import registrable, with_unicode


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
    asked = [name.lower() for name in application.csr.report["csr"]["dns_names"]]
    return [
        *_proposed(application, asked, now),
        *(
            ProposedName(
                with_unicode(name),
                in_request=True,
                known=_("Only in the request: the certificate does not get it."),
                is_doubtful=True,
            )
            for name in dict.fromkeys(asked)
            if name not in application.names
        ),
    ]


def _proposed(application: Application, asked: list[str], now: datetime) -> Iterator[ProposedName]:
    seen: dict[str | None, bool] = {}
    for name in application.names:
        domain = registrable(name)
        if domain not in seen:
            seen[domain] = domain is not None and _is_known(application, domain)
        proven = domains.in_use() and domains.proof(application.organisation_id, name, now=now)
        yield ProposedName(
            with_unicode(name),
            in_request=name in asked,
            known=_known(domain or name, is_proven=bool(proven), is_known=seen[domain]),
            is_doubtful=not (proven or seen[domain]),
        )


def _is_known(application: Application, domain: str) -> bool:
    """Whether the organisation has got a certificate for a name in the domain."""
    within = Q(name=domain) | Q(name__endswith=f".{domain}")
    certified = [Status.ISSUED, Status.DELIVERED]
    names = HostName.objects.filter(within, application__status__in=certified)
    return names.filter(application__organisation=application.organisation_id).exists()


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
