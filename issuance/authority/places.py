"""Places in the CA hierarchies, and the file names and subjects derived from them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from cryptography import x509

from issuance.algorithms import SIGNATURE_ALGORITHMS, Branch
from issuance.authority.hierarchy import CaNames
from issuance.certificate.profiles import Environment
from issuance.conf import Pki

if TYPE_CHECKING:
    from issuance.models import IssuingCA

MOST_GENERATIONS = 99


class Rooted(Protocol):
    """A place under a root: an issuing CA's, or a seal's."""

    @property
    def branch(self) -> Branch:
        """The branch of the root's key."""
        ...

    @property
    def root_stem(self) -> str:
        """Base name of the root's files."""
        ...

    def root_names(self, conf: Pki) -> CaNames:
        """Subject of the root."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Identifies an issuing CA by environment, branch and generation; derives its names."""

    environment: Environment
    branch: Branch
    generation: int = 1

    @classmethod
    def at(cls, environment: str, branch: str, generation: int = 1) -> "Place":
        """The place given by strings from the database or the command line, not validated."""
        return cls(cast(Environment, environment), cast(Branch, branch), generation)

    @classmethod
    def of(cls, ca: "IssuingCA") -> "Place":
        """The place of a registered CA."""
        return cls.at(ca.environment, ca.branch, ca.generation)

    @property
    def _middle(self) -> str:
        return f"{'test-' if self.environment == 'test' else ''}{self.branch}"

    @property
    def stem(self) -> str:
        """Base name of the issuing CA's files, such as ``sote-test-ec-1``."""
        return f"sote-{self._middle}-{self.generation}"

    @property
    def root_stem(self) -> str:
        """Base name of the root's files; all generations have the same root."""
        return f"root-{self._middle}-1"

    def root_names(self, conf: Pki) -> CaNames:
        label = f"{conf.prefix}{' TEST' if self.environment == 'test' else ''}"
        return CaNames(conf.organisation, None, f"{label} Root CA - G1 {self.branch.upper()}")

    def names(self, conf: Pki) -> CaNames:
        """Subject of the issuing CA. The last letter is the branch (R, E), as in DVV's names."""
        label = f"{conf.prefix}{' TEST' if self.environment == 'test' else ''}"
        mark = f"G{self.generation}{self.branch[0].upper()}"
        service = "Health and Social Service Certificates"
        return CaNames(conf.organisation, conf.unit, f"{label} {service} - {mark}")


PLACES = tuple(
    Place(environment, branch)
    for environment in ("production", "test")
    for branch in SIGNATURE_ALGORITHMS
)


def environment_of(stem: str) -> Environment:
    """The environment of the issuing CA with this stem, under which its key is found."""
    return "test" if stem.startswith("sote-test-") else "production"


def place_named(subject: x509.Name, conf: Pki) -> Place | None:
    """The place of the issuing CA with this subject; None if it is not one of this service's."""
    every = (
        Place(each.environment, each.branch, generation)
        for each in PLACES
        for generation in range(1, MOST_GENERATIONS + 1)
    )
    return next((place for place in every if place.names(conf).name() == subject), None)
