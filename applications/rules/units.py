"""The tree of a provider's units in the register, and what may be ordered for each."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from accounts.models import Organisation
from accounts.register.lookup import queries
from accounts.register.models import Kind, RegisterRecord
from applications.models.certificate_types import CertificateType
from applications.rules import intermediaries
from applications.rules.conformity import PRIVATE


@dataclass(slots=True, eq=False)
class Unit:
    """One unit of the tree.

    `standing` and `provided` say whether the unit and its provider are valid in the register on
    the day; `units` are the units directly under it.
    """

    record: RegisterRecord
    standing: bool
    provided: bool = True
    units: list["Unit"] = field(default_factory=list)
    parent: "Unit | None" = None

    @property
    def types(self) -> list[CertificateType]:
        """The types of certificate that may be ordered for it.

        None unless both it and its provider, whose name the certificate carries, are valid in the
        register.
        """
        return list(CertificateType) if self.standing and self.provided else []

    @property
    def needs_conformity(self) -> bool:
        """Whether a system signature certificate for it needs a certificate of conformity.

        Private providers attach one.
        """
        return self.record.kind == Kind.SOTE_UNIT and self.record.sector in PRIVATE

    @property
    def above(self) -> list["Unit"]:
        """The units above it, the topmost first."""
        return [*self.parent.above, self.parent] if self.parent else []


def units_of(organisation: Organisation, *, on: date) -> list[Unit]:
    """Return the organisation's topmost units; each holds the units under it.

    A unit is topmost if its parent is another organisation's or the unit itself. An intermediary
    has only its own record.
    """
    if organisation.kind == Organisation.Kind.INTERMEDIARY:
        record = intermediaries.record_of(organisation, on)
        return [Unit(record, True)] if record else []
    code = organisation.business_id
    return arrange(queries.all_units(code, on=on), on) if code else []


def arrange(records: Iterable[RegisterRecord], on: date) -> list[Unit]:
    """Return the topmost of these records as units that contain those under them, in given order.

    No record is lost: if parents form a cycle, which the register should not contain, every unit
    whose parents lead into it is topmost.
    """
    all_records = list(records)
    fallen = queries.fallen({record.provider_oid for record in all_records}, Kind.SOTE_UNIT, on)
    units = {
        record.oid: Unit(record, record.is_standing(on), record.provider_oid not in fallen)
        for record in all_records
    }
    top = []
    for unit in units.values():
        if _has_place(unit.record, units):
            unit.parent = units[unit.record.parent_oid]
            unit.parent.units.append(unit)
        else:
            top.append(unit)
    return top


def find(units: Iterable[Unit], oid: str) -> Unit | None:
    """Return the unit with the OID among these and all units under them, or None."""
    waiting = list(units)
    while waiting:
        unit = waiting.pop()
        if unit.record.oid == oid:
            return unit
        waiting += unit.units
    return None


def _has_place(record: RegisterRecord, units: dict[str, Unit]) -> bool:
    """Return whether the record has a parent among the units and its chain of parents no cycle."""
    visited = {record.oid}
    parent = record.parent_oid
    if parent not in units:
        return False
    while parent in units:
        if parent in visited:
            return False
        visited.add(parent)
        parent = units[parent].record.parent_oid
    return True
