"""The real certificates themselves have the facts our own are compared with."""

import os
from pathlib import Path

import pytest

from tests.issuance.real_shape import DIFFERENCES, REAL, differing, ours
from tests.issuance.shape import shape

FOLDER = Path(os.environ.get("CERTIFICATES", "."))
PRESENT = sorted(path.name for path in FOLDER.glob("sote-system-signature-g3e-*.der"))


def test_there_are_some() -> None:
    assert PRESENT


@pytest.mark.parametrize("name", PRESENT)
def test_a_real_certificate_has_these_facts(name: str) -> None:
    real = shape((FOLDER / name).read_bytes())
    # the certificates of 2021 and 2022 have a mailbox of their one holder as SAN, later ones none
    assert differing(real, REAL) <= {"subjectAltName", "subjectAltName.critical"}
    assert differing(ours("P-256"), real) - {"subjectAltName", "subjectAltName.critical"} == (
        DIFFERENCES.keys()
    )
