"""Full-text search for orders by typed words and numbers, in any notation.

A word finds names that contain it, a word that begins with it, or a compound with a part that
begins with it; all words must match. A number, address, OID or hash is found whatever punctuation
it has. Exact matches come first. See docs/decisions/search.md.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import BooleanField, Case, F, Func, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Cast
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.register.lookup.folding import fold
from applications.models import Application, SearchEntry
from certportal.foundation import clock
from certportal.foundation.database.prepared_statements import Among
from certportal.foundation.database.statements import execute
from certportal.foundation.text.folded_names import MOST_WORDS
from certportal.foundation.web.forms import LONGEST_SEARCH
from certportal.foundation.web.keyset import MOST_COUNTED, Key
from issuance.certificate.plan import serial_hex
from issuance.models import IssuingCA, PreparedCertificate

LONGEST_WORD = 100
KINDS: dict[str, Promise] = {
    "number": _("Order number"),
    "organisation": _("Organisation"),
    "business_id": _("Business ID"),
    "unit": _("Unit"),
    "host": _("Host name"),
    "system": _("System"),
    "oid": _("OID"),
    "person": _("Person"),
    "email": _("Email address"),
    "serial": _("Serial number"),
    "key": _("Hash of the public key"),
    "fingerprint": _("Fingerprint of the certificate"),
}
KEY: Key = {"is_other": lambda text: text == str(True)}
"""The first sort key of the orders found: exact matches come first."""
_FRAME = re.compile(r"^(?:fi(?=\d{8}\Z)|urn:oid:|oid:?|0x|sha256:)", re.IGNORECASE)
_HEX = re.compile(r"[0-9A-F]+")
_NUMBER = re.compile(r"(?:(\d{4})[- ])?(\d{5,7})")
YEARS = 10
"""From how many years, the present one last, an order is found by its number without the year."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The keys, as text, of the orders that a search found, at most `MOST_COUNTED`.

    `is_more`: there are others. `exact` are those that contain the whole typed text as one term.
    """

    orders: Sequence[str]
    exact: Sequence[str]
    is_more: bool


def find(typed: str, *, within: QuerySet[Application] | None = None) -> SearchResult:
    """Return the orders that match the typed text, among those of `within` if it is given.

    At most `MOST_COUNTED` matches are taken. A caller that shows only some orders must pass
    `within`, because those could be among the matches left out.
    """
    whole, words = _exact(typed), _words(typed)
    of_serial, of_whole, others = _having(serials(typed), _any(whole), words, within)
    exact = [*of_serial, *of_whole]
    keys = list(dict.fromkeys([*exact, *others]))
    return SearchResult(keys[:MOST_COUNTED], list(dict.fromkeys(exact)), len(keys) > MOST_COUNTED)


def fitting(typed: str, orders: QuerySet[Application]) -> QuerySet[Application]:
    """Return all of `orders`, those of one organisation, that match the typed text."""
    parts = (_any(_exact(typed)), _all(_words(typed)))
    query = " | ".join(f"({part})" for part in parts if part)
    if not query:
        return orders.none()
    return orders.filter(_fits_query(query) | Q(pk__in=_of_serials(serials(typed))))


def having(value: str) -> Q:
    """Return the condition that a term of the order is the value, but for signs and blanks."""
    return _fits_query(_whole(compact(value)))


def narrowed(orders: QuerySet[Application], found: SearchResult) -> QuerySet[Application]:
    """Return those of the orders that were found, annotated with `is_other`: not an exact match."""
    return orders.filter(Among("pk", "uuid", found.orders)).annotate(
        is_other=Case(
            When(Among("pk", "uuid", found.exact), then=Value(False)),
            default=Value(True),
            output_field=BooleanField(),
        )
    )


def entries(orders: Sequence[Application]) -> QuerySet[SearchEntry]:
    return SearchEntry.objects.filter(pk__in=[order.pk for order in orders])


def matched(
    typed: str, index_entries: Iterable[SearchEntry]
) -> dict[UUID, list[tuple[Promise, str]]]:
    """Return the matching terms of each entry by the order's key: name of the kind, and value.

    A value is named once, by its first kind, since a unit is often called as its organisation.
    """
    whole, parts = {*_exact(typed)}, [_pieces(part) for part in _parts(typed)]
    found = dict[UUID, list[tuple[Promise, str]]]()
    for entry in index_entries:
        terms = dict[str, tuple[Promise, str]]()
        for kind, value in entry.terms:
            folded = fold(value)
            if _joined(folded) in whole or any(_fits(folded, pieces) for pieces in parts):
                terms.setdefault(folded, (KINDS[kind], value))
        found[entry.pk] = list(terms.values())
    return found


def compact(text: str) -> str:
    """Return the text folded and without spaces and signs, as the whole of a term is indexed."""
    return _joined(fold(text))


def serials(text: str) -> list[str]:
    """Return the stored forms of a serial number typed in hexadecimal or decimal."""
    bare = _FRAME.sub("", text.strip()).replace(":", "").replace(" ", "").upper()
    if len(bare) <= 10 or len(bare) > LONGEST_WORD or not _HEX.fullmatch(bare):
        return []
    forms = [serial_hex(int(bare, 16))]
    return [*forms, serial_hex(int(bare))] if bare.isdigit() else forms


def _joined(folded: str) -> str:
    return folded.replace(" ", "")[:LONGEST_WORD]


def _fits(folded: str, pieces: Sequence[str]) -> bool:
    """Return whether a folded term contains a typed part, at the beginning of a word or within."""
    words = folded.split()
    fits = [piece in (folded if len(piece) > 1 else words) for piece in pieces]
    return all(fits) or _joined(folded).startswith("".join(pieces))


def _parts(typed: str) -> list[str]:
    """Return the parts between spaces, without prefixes of numbers such as "urn:oid:"."""
    return [_FRAME.sub("", part) for part in typed[:LONGEST_SEARCH].split()][:MOST_WORDS]


def _pieces(part: str) -> list[str]:
    return [word[:LONGEST_WORD] for word in fold(part).split()]


def _exact(typed: str) -> list[str]:
    """Return the whole typed text in the forms in which it could be one word of the index."""
    text = typed[:LONGEST_SEARCH].strip()
    ways = [
        compact(text),
        compact(_FRAME.sub("", text)),
        *(serial.lower() for serial in serials(text)),
        *_numbers(text),
    ]
    return [*dict.fromkeys(way for way in ways if way)]


def _numbers(text: str) -> Iterator[str]:
    """Yield the order numbers, compact, of which the end was typed, with or without the year."""
    if found := _NUMBER.fullmatch(text):
        year, number = found.groups()
        present = clock.day(clock.now()).year
        for each in [year] if year else range(present - YEARS + 1, present + 1):
            yield f"sv{each}{number}"


def _words(typed: str) -> list[str]:
    """Return the tsquery for each typed part.

    Of the pieces of a part only the last may go on: whoever typed a hyphen or a dot has finished
    what is before it.
    """
    conditions = []
    for pieces in map(_pieces, _parts(typed)):
        if pieces:
            joined = "".join(pieces)[:LONGEST_WORD]
            apart = " & ".join([*map(_whole, pieces[:-1]), _beginning(pieces[-1])])
            conditions.append(f"{_beginning(joined)} | ({apart})" if pieces[1:] else apart)
    return conditions


def _beginning(word: str) -> str:
    """Return the tsquery for words that begin with it; one or two letters must be a whole word.

    Every order has words that begin with "fi" or "sv", and PostgreSQL collects all of them first.
    """
    return f"{_whole(word)}:*" if len(word) > 2 else _whole(word)


def _whole(word: str) -> str:
    return f"'{word}'"


def _any(words: Sequence[str]) -> str:
    return " | ".join(map(_whole, words))


def _all(queries: Sequence[str]) -> str:
    return " & ".join(f"({query})" for query in queries)


# Unordered, and only as many as are wanted. The words are not looked for if the typed text, as one
# term, has found enough: of a business ID these are the same orders.
_FOUND = """
WITH whole AS MATERIALIZED (SELECT found FROM applications_with_words(%s::tsquery[], %s) AS found)
SELECT 1, found::text FROM whole
UNION ALL
SELECT 2, found::text FROM applications_with_words(%s::tsquery[], %s) AS found
WHERE (SELECT count(*) FROM whole) < %s
"""
_NONE = "SELECT NULL::uuid WHERE false"


class _Fits(Func):
    """Whether the index entry's words (tsvector) match a tsquery."""

    output_field = BooleanField()
    template = "(%(expressions)s::tsquery)"
    arg_joiner = " @@ "


def _having(
    typed: Sequence[str], whole: str, words: list[str], within: QuerySet[Application] | None
) -> list[list[str]]:
    """Return the orders with one of the serial numbers, those that match `whole`, and all `words`.

    An empty query matches none. All orders are searched with one statement, and not for the words
    if `whole` has matched more than `MOST_COUNTED`.
    """
    if within is not None:
        matching = [_fits_query(whole), _fits_query(_all(words))]
        conditions = [Q(pk__in=_of_serials(typed)), *matching]
        fitting = [within.order_by().filter(condition) for condition in conditions]
        keys = [orders.values_list(Cast("pk", TextField()), flat=True) for orders in fitting]
        return [list(each[: MOST_COUNTED + 1]) for each in keys]
    serial_orders, params = _of_serials(typed).query.sql_with_params() if typed else (_NONE, ())
    found: list[list[str]] = [[], [], []]
    if whole or words:
        most = MOST_COUNTED + 1
        rows = execute(
            f"{_FOUND} UNION ALL SELECT 0, key::text FROM ({serial_orders}) AS part (key)",  # noqa: S608
            [[whole] if whole else [], most, words, most, most, *params],
        )
        for number, key in rows:
            found[number].append(key)
    return found


def _fits_query(query: str) -> Q:
    return Q(_Fits(F("search_entry__words"), Value(query))) if query else Q(pk__in=[])


def _of_serials(typed: Sequence[str]) -> QuerySet[PreparedCertificate, UUID]:
    """Return the orders of prepared certificates with these serial numbers.

    The search entries lack these. The index of serial numbers begins with the authority.
    """
    authorities = IssuingCA.objects.values("pk")
    prepared = PreparedCertificate.objects.filter(issuing_ca__in=authorities, serial__in=typed)
    return prepared.values_list("reference", flat=True)
