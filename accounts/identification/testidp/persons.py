"""The test persons. Their identity codes are invented, with temporary numbers 900–999."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.identification import claims


@dataclass(frozen=True)
class TestPerson:
    """An invented person; `code` is an identity code or eIDAS identifier, `part` a description."""

    __test__ = False

    key: str
    given_name: str
    family_name: str
    code: str
    part: str | Promise
    eidas: bool = False

    def __str__(self) -> str:
        return f"{self.given_name} {self.family_name}"

    def claims(self) -> dict[str, str]:
        """Return the provider's claims about the person."""
        if self.eidas:
            return {
                claims.EIDAS_IDENTIFIER: self.code,
                claims.EIDAS_GIVEN_NAME: self.given_name,
                claims.EIDAS_FAMILY_NAME: self.family_name,
            }
        return {
            claims.HETU: self.code,
            claims.GIVEN_NAMES: self.given_name,
            claims.FAMILY_NAME: self.family_name,
        }


APPLICANT = _("Applicant")
REVIEWER = _("Reviewer")

PERSONS = (
    TestPerson("matti", "Matti", "Meikäläinen", "010180-9015", APPLICANT),
    TestPerson("maija", "Maija", "Mallikas", "140292-902F", _("Colleague of the applicant")),
    TestPerson("kalle", "Kalle", "Konsultti", "230771-903X", _("Of another organisation")),
    TestPerson("linnea", "Linnea", "Lindqvist", "051285-9040", _("Applicant who reads Swedish")),
    TestPerson("riitta", "Riitta", "Ratkaisija", "300664-905W", REVIEWER),
    TestPerson("raimo", "Raimo", "Ratkaisija", "170390-907V", REVIEWER),
    TestPerson("sofia", "Sofia", "Suurkäyttäjä", "080875-9099", _("Superuser")),
    TestPerson("erik", "Erik", "Eidas", "SE/FI/1985-0815-0001", _("Identified abroad"), eidas=True),
)


def find(key: str) -> TestPerson | None:
    return next((person for person in PERSONS if person.key == key), None)
