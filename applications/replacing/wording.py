"""The plan of a mass replacement in words."""

from collections import Counter
from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

PARTS: dict[str, Promise] = {
    "issuer": gettext_lazy("Issuer"),
    "subject": gettext_lazy("Holder"),
    "key": gettext_lazy("Public key"),
    "end": gettext_lazy("End of validity"),
    "signature_algorithm": gettext_lazy("Signature algorithm"),
    "subject_alternative_names": gettext_lazy("Alternative names"),
    "key_usage": gettext_lazy("Key usage"),
    "extended_key_usage": gettext_lazy("Purposes of the key"),
    "basic_constraints": gettext_lazy("Basic constraints"),
    "policies": gettext_lazy("Certificate policy"),
    "revocation_list": gettext_lazy("Address of the revocation list"),
    "authority_information": gettext_lazy("Addresses of the authority"),
}
"""The parts that `comparing` compares, in its order."""


def counted(names: Iterable[str]) -> list[tuple[str, int]]:
    """Return the parts that differ anywhere, and in how many certificates each."""
    found = Counter(names)
    return [(str(words), found[part]) for part, words in PARTS.items() if found[part]]


def parts(names: Iterable[str]) -> list[str]:
    """Return the parts in words."""
    return [str(PARTS[name]) for name in names]
