"""Search of the SOTE register with one query: by name, business ID, OID or municipality.

A number is searched as an OID or business ID. A name is searched as the prefix of a long name (an
index range) and as words in any order. Only if nothing is found are typing errors corrected, with
the dictionary of words collected at import.
"""

import re
from dataclasses import dataclass
from datetime import date
from itertools import islice

from django.db import connection

from accounts.register import identifiers
from accounts.register.lookup.folding import alternatives, collation_key, fold
from accounts.register.lookup.queries import one_per_oid
from accounts.register.models import RegisterRecord

MAX_QUERY = 120
MAX_WORDS = 8
# Below this trigram similarity, dictionary words have little in common with the typed one.
MIN_SIMILARITY = 0.3
# Most units ranked by similarity to a corrected query: a common word matches thousands.
COMPARED = 200
_PARTLY_NUMBER = re.compile(r"^[\d.\-\s]+\Z")
# Prefixes of copied numbers (VAT numbers, HL7), and typographic dashes in them.
_FRAME = re.compile(r"^(?:fi(?=\d{8}\Z)|urn:oid:|oid:?)", re.IGNORECASE)
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
# Fewer digits are probably a number in a name ("apteekki 6", "osasto 1306").
_BEGUN_BUSINESS_ID = re.compile(r"^\d{5,7}-?\d?\Z")

_RECORD = "SELECT * FROM register_registerrecord WHERE kind = 'sote_unit' AND known_to IS NULL AND "
_STANDING = (
    "(status = 'ACTIVE' AND coalesce(valid_from, '-infinity') <= %(on)s"
    " AND coalesce(valid_to, 'infinity') >= %(on)s)"
)
_OWN = " AND business_id = %(business_id)s"
_NEAREST = "similarity(search_name, %(name)s) DESC, search_name"


@dataclass(frozen=True)
class Search:
    """One search: query, day of validity, organisation (None: all), most results."""

    query: str
    on: date
    business_id: str | None
    limit: int

    def number(self) -> list[RegisterRecord]:
        """Units whose OID or business ID equals or begins with the query."""
        text = _FRAME.sub("", self.query.translate(_DASHES).replace(" ", ""))
        if not _PARTLY_NUMBER.match(text):
            return []
        if "." in text:
            return self._fetch("oid LIKE %(beginning)s", "oid", beginning=_like(text))
        if own := identifiers.business_id(text):
            return self._fetch("business_id = %(own)s", "oid", own=own)
        if not _BEGUN_BUSINESS_ID.match(text):
            return []
        return self._fetch("business_id LIKE %(beginning)s", "oid", beginning=_like(text))

    def beginning(self) -> list[RegisterRecord]:
        """Units whose long name begins with the query."""
        name = fold(self.query)
        end = name[:-1] + chr(ord(name[-1]) + 1) if name else ""
        if not name:
            return []
        condition = "search_name >= %(name)s AND search_name < %(end)s"
        return self._fetch(condition, "search_name", name=name, end=end)

    def words(self) -> list[RegisterRecord]:
        """Units that have every word of the query; words other than numbers match as prefixes."""
        return self._matching([list(alternatives(word)) for word in self._words()])

    def corrected(self) -> list[RegisterRecord]:
        """As `words`, but each word also matches similar dictionary words."""
        words = self._words()
        near = _near([word for word in words if len(word) > 3])
        choices = [
            [*alternatives(word), *((other, False) for other in near.get(word, ()))]
            for word in words
        ]
        return self._matching(choices, corrected=True)

    def _words(self) -> list[str]:
        return fold(self.query).split()[:MAX_WORDS]

    def _matching(
        self, choices: list[list[tuple[str, bool]]], *, corrected: bool = False
    ) -> list[RegisterRecord]:
        if not choices:
            return []
        query = " & ".join(
            "(" + " | ".join(f"'{word}'" + ":*" * begun for word, begun in choice) + ")"
            for choice in choices
        )
        condition, name = "search_words @@ %(words)s::tsquery", fold(self.query)
        if corrected:
            # At least `limit`: fewer results would start the search of ended units as well.
            compared = f"LIMIT {max(COMPARED, self.limit)}"
            return self._fetch(condition, _NEAREST, compared, words=query, name=name)
        return self._fetch(condition, "search_name", words=query)

    def _fetch(
        self, condition: str, order: str, first: str = "", **params: str
    ) -> list[RegisterRecord]:
        """Matching units in order, standing ones first; `first`: a LIMIT before the sorting."""
        own = _OWN if self.business_id else ""
        fitting = f"({_RECORD}{condition}{own} AND {{}} {first}) AS fitting"
        statement = f"SELECT * FROM {fitting} ORDER BY {order} LIMIT %(limit)s"  # noqa: S608 (own)
        known = {"on": self.on, "business_id": self.business_id, "limit": self.limit} | params
        found = list(RegisterRecord.objects.raw(statement.format(_STANDING), known))
        if len(found) < self.limit:
            ended = statement.format(f"NOT {_STANDING}")
            found += RegisterRecord.objects.raw(ended, known)
        return found


def search_units(
    query: str, *, business_id: str | None = None, on: date, limit: int = 20
) -> list[RegisterRecord]:
    """Units that match *query*, the best match first, but standing ones before ended ones.

    Args:
        query: the typed text; cut after ``MAX_QUERY`` characters.
        business_id: only units of this organisation.
        on: the day for which validity is judged.
        limit: most results.
    """
    own = identifiers.business_id(business_id) if business_id else None
    search = Search(_cut(query), on, own or business_id, limit)
    found = search.number()
    if not found:
        found = _by_name(search.beginning())
        found += _by_name(search.words()) if len(found) < limit else []
    return _standing_first(found or search.corrected(), on, limit)


def units_named(query: str, *, on: date, limit: int) -> list[RegisterRecord]:
    """Units with this number or with every word, standing ones first; nothing is corrected."""
    search = Search(_cut(query), on, None, limit)
    return _standing_first(search.number() or _by_name(search.words()), on, limit)


def _cut(query: str) -> str:
    return query.replace("\0", "")[:MAX_QUERY].strip()


def _standing_first(found: list[RegisterRecord], on: date, limit: int) -> list[RegisterRecord]:
    best = one_per_oid(found, on)
    return list(islice(sorted(best, key=lambda record: not record.is_standing(on)), limit))


def _by_name(found: list[RegisterRecord]) -> list[RegisterRecord]:
    return sorted(found, key=lambda unit: (collation_key(unit.long_name), unit.long_name))


def _like(text: str) -> str:
    """Return the LIKE pattern that matches texts that begin with this one, taken literally."""
    return re.sub(r"([\\%_])", r"\\\1", text) + "%"


def _near(words: list[str]) -> dict[str, list[str]]:
    """For each of *words*, up to six dictionary words similar to it by trigrams."""
    if not words:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT typed, near.word FROM unnest(%s) typed CROSS JOIN LATERAL ("
            " SELECT word FROM register_registerword WHERE word %% typed"
            " AND similarity(word, typed) >= %s"
            " ORDER BY similarity(word, typed) DESC LIMIT 6) near",
            [words, MIN_SIMILARITY],
        )
        near: dict[str, list[str]] = {}
        for typed, word in cursor.fetchall():
            near.setdefault(typed, []).append(word)
    return near
