"""The public page about the CAs: their chains and certificates, installing them, and the seal."""

from collections.abc import Iterable
from dataclasses import replace

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from issuance.authority.places import Place
from issuance.authority.seal import SealPlace
from issuance.models import IssuingCA, Seal
from issuance.views import installing
from issuance.views.hierarchy import Authority, Hierarchy


@require_safe
def authorities(request: HttpRequest) -> HttpResponse:
    """Every root with its issuing CAs, in two lists: production and test. Then the seals."""
    every = _hierarchies(IssuingCA.objects.order_by("environment", "-branch", "-generation"))
    context = {
        "production": [each for each in every if not each.is_test],
        "test": [each for each in every if each.is_test],
        "seals": _seals(Seal.objects.order_by("-pk")),
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


def _seals(every: Iterable[Seal]) -> list[Authority]:
    """The root of the seals, then the seals, the one in use first; empty before the ceremony."""
    seals = list(every)
    roots = [Authority.of(each.root, SealPlace().root_stem) for each in seals[:1]]
    own = (replace(Authority.of(seal.certificate, seal.stem), has_list=False) for seal in seals)
    return [*roots, *own]


@require_safe
def policy(request: HttpRequest) -> HttpResponseRedirect:
    """The policy address in certificates: redirects to the page in the reader's language."""
    return redirect("authorities")
