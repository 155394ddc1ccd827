"""The units of a provider as the register arranges them, and what may be ordered for each."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from accounts.models import Organisation
from accounts.register import queries
from accounts.register.models import Kind, RegisterRecord
from applications import mediation, ownership
from applications.conformity import PRIVATE
from applications.kinds import CertificateType


@dataclass(slots=True, eq=False)
class Unit:
    """One unit, whether it and its organisation stand that day, and the units under it."""

    record: RegisterRecord
    standing: bool
    provided: bool = True
    units: list["Unit"] = field(default_factory=list)
    parent: "Unit | None" = None

    @property
    def types(self) -> list[CertificateType]:
        """The certificates that may be ordered for it: none unless it stands in the register, and
        the organisation whose name they carry as well.
        """
        return list(CertificateType) if self.standing and self.provided else []

    @property
    def needs_conformity(self) -> bool:
        """Whether a system signature needs the certificate of conformity: a private provider's."""
        return self.record.kind == Kind.SOTE_UNIT and self.record.sector in PRIVATE

    @property
    def above(self) -> list["Unit"]:
        """The units it lies under, the topmost first."""
        return [*self.parent.above, self.parent] if self.parent else []


def units_of(organisation: Organisation, *, on: date) -> list[Unit]:
    """Return the organisation's topmost units with all that lies under them.

    A unit whose parent is not the organisation's, or is itself, is topmost; an intermediary has
    its own record alone.
    """
    if organisation.kind == Organisation.Kind.INTERMEDIARY:
        record = mediation.record_of(organisation, on)
        return [Unit(record, True)] if record else []
    code = ownership.business_id(organisation)
    return arrange(queries.all_units(code, on=on), on) if code else []


def arrange(records: Iterable[RegisterRecord], on: date) -> list[Unit]:
    """Return the topmost of these records, each with those under it, in the order given.

    No record is lost: of a circle, which the register should not have, every unit is topmost.
    """
    known = list(records)
    fallen = queries.fallen({one.provider_oid for one in known}, Kind.SOTE_UNIT, on)
    units = {
        one.oid: Unit(one, one.is_standing(on), one.provider_oid not in fallen) for one in known
    }
    top = []
    for unit in units.values():
        if _hangs(unit.record, units):
            unit.parent = units[unit.record.parent_oid]
            unit.parent.units.append(unit)
        else:
            top.append(unit)
    return top


def find(units: Iterable[Unit], oid: str) -> Unit | None:
    """Return the unit with the OID among these and all under them."""
    waiting = list(units)
    while waiting:
        unit = waiting.pop()
        if unit.record.oid == oid:
            return unit
        waiting += unit.units
    return None


def _hangs(record: RegisterRecord, units: dict[str, Unit]) -> bool:
    """Whether going up from the record ends at a topmost unit and not in a circle."""
    seen = {record.oid}
    parent = record.parent_oid
    if parent not in units:
        return False
    while parent in units:
        if parent in seen:
            return False
        seen.add(parent)
        parent = units[parent].record.parent_oid
    return True
