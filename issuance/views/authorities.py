"""The public page about the CAs: their chains, their certificates and how to install them."""

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from issuance.authority.places import Place
from issuance.models import IssuingCA
from issuance.views import installing
from issuance.views.hierarchy import Authority, Hierarchy


@require_safe
def authorities(request: HttpRequest) -> HttpResponse:
    """Every root with its issuing CAs, in two lists: production and test."""
    every = _hierarchies(IssuingCA.objects.order_by("environment", "-branch", "-generation"))
    context = {
        "production": [each for each in every if not each.is_test],
        "test": [each for each in every if each.is_test],
        "instructions": installing.instructions(every[0]) if every else [],
    }
    return render(request, "issuance/authorities.html", context)


def _hierarchies(cas: Iterable[IssuingCA]) -> list[Hierarchy]:
    found: dict[str, Hierarchy] = {}
    for ca in cas:
        stem = Place.of(ca).root_stem
        root = Authority.of(ca.root, stem)
        hierarchy = found.setdefault(stem, Hierarchy(root, ca.branch, ca.environment == "test"))
        hierarchy.issuing.append(Authority.of(ca.certificate, ca.stem, ca.state))
    return list(found.values())


@require_safe
def policy(request: HttpRequest) -> HttpResponseRedirect:
    """The policy address in certificates: redirects to the page in the reader's language."""
    return redirect("authorities")
