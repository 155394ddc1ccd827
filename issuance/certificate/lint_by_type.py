"""Shows pkilint's validators only the parts of a certificate that they are for. Pure.

A container of pkilint shows every node to every validator, 6,400 times for one certificate, and
nearly all decline it for its type or its path.
"""

from collections.abc import Callable
from functools import lru_cache

from pkilint.document import PDUNode
from pkilint.validation import ValidationResult, Validator, ValidatorContainer

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
