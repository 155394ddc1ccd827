"""Has pkilint do once what it would do again for each certificate of a CA. Pure.

Certificates of one CA have its name, policies and addresses alike: more than half of what pkilint
decodes, and all of its addresses. Both functions that are remembered depend on their arguments
only, and no validator changes a value that was decoded. What raises an error is not remembered.
"""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any

from pkilint import document
from pkilint.pkix import general_name
from pyasn1_alt_modules import rfc5280

DECODED = 256
"""Values that are remembered: some twenty of each CA, and those of the last certificates."""
JUDGED = 1_000
"""URLs, host names and mail addresses of which it is remembered whether their syntax is right."""


class _Schema:
    """A schema by its identity: schemas of pyasn1 are equal if they have equal values, or none."""

    __slots__ = ("itself",)

    def __init__(self, itself: Any) -> None:
        self.itself = itself

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Schema) and other.itself is self.itself

    def __hash__(self) -> int:
        return id(self.itself)


def decoding_once(decode: Callable[..., tuple[Any, bytes]]) -> Callable[..., tuple[Any, bytes]]:
    """Return pkilint's function that decodes, remembering the last values but no certificate."""

    @lru_cache(DECODED)
    def known(octets: bytes, schema: _Schema) -> tuple[Any, bytes]:
        return decode(octets, asn1Spec=schema.itself)

    @wraps(decode)
    def decoded(substrate: Any, asn1Spec: Any) -> tuple[Any, bytes]:  # noqa: N803 - its name
        if isinstance(asn1Spec, rfc5280.Certificate):
            return decode(substrate, asn1Spec=asn1Spec)
        return known(bytes(substrate), _Schema(asn1Spec))

    return decoded


def remember() -> None:
    """Put both functions in the places of pkilint's own. To be called once."""
    document.decode_der = decoding_once(document.decode_der)
    general_name.validators_predicate = lru_cache(JUDGED)(general_name.validators_predicate)
