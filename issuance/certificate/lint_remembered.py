"""Has pkilint do once what it would do again for each certificate of a CA. Pure.

Certificates of one CA have its name, policies and addresses alike: more than half of what pkilint
decodes, and all of its addresses. Both functions that are remembered depend on their arguments
only, and no validator changes a value that was decoded. What raises an error is not remembered.

A container of pkilint shows every node to every validator, 6,400 times for one certificate, and
nearly all decline it for its type or its path: `ByType` remembers which do not.
"""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any

from pkilint import document
from pkilint.document import PDUNode
from pkilint.pkix import general_name
from pkilint.validation import ValidationResult, Validator, ValidatorContainer
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


PLACES = 2_000
"""Types and paths of nodes that a container remembers its validators for."""


class ByType(ValidatorContainer):
    """A container with the same validators, which finds the same in the same order."""

    def __init__(self, plain: ValidatorContainer) -> None:
        """Take a container of pkilint; the containers in it are sorted likewise."""
        super().__init__(
            validators=[
                ByType(each) if isinstance(each, ValidatorContainer) else each
                for each in plain.validators
            ],
            path=plain._path,
            path_re=plain._path_re,
            pdu_class=plain._pdu_class,
            pdu_supertype=plain._pdu_supertype,
            predicate=plain._predicate,
        )
        self._for: Callable[[type, str], list[Validator]] = lru_cache(PLACES)(self._those_for)

    def _those_for(self, kind: type, path: str) -> list[Validator]:
        """The validators that may match a node of this type at this path."""
        return [
            each
            for each in self.validators
            if (each._pdu_class is None or issubclass(kind, each._pdu_class))
            and each._path in {None, path}
            and (each._path_re is None or each._path_re.match(path))
        ]

    def _validate_rec(self, node: PDUNode, results: list[ValidationResult]) -> None:
        for validator in self._for(type(node.pdu), node.path):
            if validator.match(node):
                found = validator.validate_wrapper(node)
                results += found if isinstance(found, list) else [found]
        for child in node.children.values():
            self._validate_rec(child, results)
