"""An invented register of any size, the same for the same seed: for benchmarks and tests.

Its shape follows the real one: a few public providers with thousands of units in a tree, chains
with dozens, and many providers that are their only unit. Every row says that it is invented.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stdnum.fi import ytunnus

from accounts.register.identifiers import ORGANISATION_ARC
from accounts.register.municipalities import NAMES

Code = dict[str, Any]
FINNISH_NAMES = {code: finnish for code, (finnish, _swedish) in NAMES.items()}

_WORDS: dict[str, list[str]] = json.loads(
    Path(__file__).with_name("invented_words.json").read_text("utf-8")
)
_SECTORS = {1: "1 Julkinen", 2: "2 Yksityinen", 3: "3 Yksityinen itseilmoitettu yksikkö"}


def invent(units: int, *, seed: int = 1) -> Iterator[Code]:
    """*units* concept codes in the code server's form, providers before their units."""
    chance = random.Random(seed)
    numbers = _business_ids()
    left = units
    while left > 0:
        size = min(left, _size(chance))
        yield from _organisation(chance, next(numbers), size)
        left -= size


def change(codes: list[Code], share: float, *, seed: int = 1) -> list[Code]:
    """Copies of a random *share* of *codes*, renamed: what a delta would bring."""
    chance = random.Random(seed)
    chosen = chance.sample(codes, int(len(codes) * share))
    return [_renamed(code) for code in chosen]


def _size(chance: random.Random) -> int:
    kind = chance.random()
    if kind < 0.003:
        return chance.randint(500, 4000)
    return chance.randint(2, 60) if kind < 0.12 else 1


def _organisation(chance: random.Random, business_id: str, size: int) -> Iterator[Code]:
    root = f"{ORGANISATION_ARC}{business_id.replace('-', '')}.10"
    sector = 1 if size >= 500 else chance.choice((2, 2, 3))
    place = _place(chance)
    name = _provider_name(chance, place, size)
    town = chance.choice(list(FINNISH_NAMES.items()))
    yield _code(chance, f"{root}.0", name, sector, town, business_id, "", 0)
    for number in range(1, size):
        town = chance.choice(list(FINNISH_NAMES.items())) if chance.random() < 0.2 else town
        parent = chance.randint(0, max(0, number // 8))
        unit = f"{_place(chance)}n {chance.choice(_WORDS['services'])}"
        unit = f"{place} {unit}" if chance.random() < 0.3 else unit
        level = 1 if parent == 0 else 2
        yield _code(
            chance, f"{root}.{number}", unit, sector, town, business_id, f"{root}.{parent}", level
        )


def _place(chance: random.Random) -> str:
    return chance.choice(_WORDS["first"]) + chance.choice(_WORDS["second"])


def _provider_name(chance: random.Random, place: str, size: int) -> str:
    if size >= 500:
        return f"{place}n hyvinvointialue"
    if size > 1:
        return f"{place} {chance.choice(('Terveys', 'Hoiva', 'Klinikat', 'Hammas'))} Oy"
    town = chance.choice(list(FINNISH_NAMES.values()))
    return chance.choice(_WORDS["sole"]).format(place, f"{town}n", chance.choice(_WORDS["roman"]))


def _code(
    chance: random.Random,
    oid: str,
    name: str,
    sector: int,
    town: tuple[str, str],
    business_id: str,
    parent: str,
    level: int,
) -> Code:
    street = f"{_place(chance)}tie {chance.randint(1, 99)}"
    ended = chance.random() < 0.06
    stated = {
        "Abbreviation": name[:40],
        "LongName": name,
        "ParentId": parent,
        "HierarchyLevel": str(level),
        "PostAddress": street,
        "StreetAddress": street,
        "PostNumber": f"{chance.randint(0, 999):03}00",
        "PostOffice": town[1].upper(),
        "Sektori": _SECTORS[sector],
        "Sijainti kunta": " ".join(town),
        "Terv.toimintayksikkö": "T",
        "Sos.toimintayksikkö": "F",
        "Y-Tunnus": business_id,
        "Huomautus": "Keksitty esimerkki",
    }
    return {
        "conceptCodeId": oid,
        "status": "ACTIVE",
        "beginDate": "1900-01-01"
        if chance.random() < 0.5
        else f"{chance.randint(2005, 2024)}-01-01",
        "expirationDate": "2025-06-30" if ended else "2100-12-31",
        "lastModifiedDate": f"2026-{chance.randint(1, 10):02}-01T03:00:00",
        "attributes": [{"attributeName": k, "attributeValue": [v]} for k, v in stated.items() if v],
    }


def _renamed(code: Code) -> Code:
    attributes = [dict(attribute) for attribute in code["attributes"]]
    for attribute in attributes:
        if attribute["attributeName"] == "LongName":
            attribute["attributeValue"] = [f"{attribute['attributeValue'][0]} (uusi nimi)"]
    return {**code, "lastModifiedDate": "2026-11-24T03:00:00", "attributes": attributes}


def _business_ids() -> Iterator[str]:
    # From the range that the sample register uses too: no business ID begins with 99.
    for number in range(9910000, 9999999):
        for check in "0123456789":
            if ytunnus.is_valid(f"{number}{check}"):
                yield f"{number}-{check}"
