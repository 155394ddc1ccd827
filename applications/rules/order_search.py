"""Which orders are meant by what somebody typed: words and numbers, in any writing.

A word finds names that have it, or a word that begins with it, or one that ends in what begins with
it; all words must fit. A number, address, OID or hash is found whatever signs stand in it. What is
typed whole comes first. See docs/decisions/search.md.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import BooleanField, Case, F, Func, Q, QuerySet, Value, When
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.register.lookup.folding import fold
from applications.models import Application, SearchEntry
from certportal.foundation.web.keyset import MOST_COUNTED, Key
from issuance.certificate.plan import serial_hex
from issuance.models import IssuingCA, PreparedCertificate

LONGEST, MOST_WORDS, LONGEST_WORD = 200, 8, 100
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
"""What the orders found are ordered by before anything else."""
_FRAME = re.compile(r"^(?:fi(?=\d{8}\Z)|urn:oid:|oid:?|0x|sha256:)", re.IGNORECASE)
_HEX = re.compile(r"[0-9A-F]+")


@dataclass(frozen=True, slots=True)
class Found:
    """The orders that a search found, at most `MOST_COUNTED`; `is_more`: there are others.

    `exact` are those of them that have the whole of what was typed.
    """

    orders: Sequence[UUID]
    exact: Sequence[UUID]
    is_more: bool


def find(typed: str, *, within: QuerySet[Application] | None = None) -> Found:
    """Return the orders that fit what was typed, only of those that `within` holds if it is given.

    Of what fits, a thousand are taken: whoever shows less than all orders says so here, or what
    they may see could be among those left out.
    """
    whole, words = _exact(typed), _words(typed)
    of_whole, others = _having([_any(whole), " & ".join(f"({one})" for one in words)], within)
    exact = [*_of_serials(serials(typed), within), *of_whole]
    found = list(dict.fromkeys([*exact, *others]))
    return Found(found[:MOST_COUNTED], list(dict.fromkeys(exact)), len(found) > MOST_COUNTED)


def fitting(typed: str, orders: QuerySet[Application]) -> QuerySet[Application]:
    """Return all of the orders that fit what was typed; `orders`: those of one organisation."""
    words = " & ".join(f"({one})" for one in _words(typed))
    query = " | ".join(f"({one})" for one in (_any(_exact(typed)), words) if one)
    if not query:
        return orders.none()
    fits = Q(_Fits(F("search_entry__words"), Value(query)))
    return orders.filter(fits | Q(pk__in=_of_serials(serials(typed), orders)))


def narrowed(orders: QuerySet[Application], found: Found) -> QuerySet[Application]:
    """Return those of the orders that were found; `is_other`: false for those found exactly."""
    return orders.filter(pk__in=found.orders).annotate(
        is_other=Case(
            When(pk__in=found.exact, then=Value(False)),
            default=Value(True),
            output_field=BooleanField(),
        )
    )


def entries(orders: Sequence[Application]) -> QuerySet[SearchEntry]:
    """Return what the index has of the orders."""
    return SearchEntry.objects.filter(pk__in=[order.pk for order in orders])


def matched(typed: str, found: Iterable[SearchEntry]) -> dict[UUID, list[tuple[Promise, str]]]:
    """Return what of each order's entry fits: the name of its kind, and what stands there."""
    whole, parts = {*_exact(typed)}, [_pieces(part) for part in _parts(typed)]
    return {
        entry.pk: [
            (KINDS[kind], value)
            for kind, value in entry.terms
            if compact(value) in whole or any(_fits(value, pieces) for pieces in parts)
        ]
        for entry in found
    }


def compact(text: str) -> str:
    """Return the text folded and without spaces and signs, as the whole of a term is indexed."""
    return fold(text).replace(" ", "")[:LONGEST_WORD]


def serials(text: str) -> list[str]:
    """Return the stored forms of a serial number typed in hexadecimal or decimal."""
    bare = _FRAME.sub("", text.strip()).replace(":", "").replace(" ", "").upper()
    if len(bare) <= 10 or len(bare) > LONGEST_WORD or not _HEX.fullmatch(bare):
        return []
    found = [serial_hex(int(bare, 16))]
    return [*found, serial_hex(int(bare))] if bare.isdigit() else found


def _fits(value: str, pieces: Sequence[str]) -> bool:
    """Whether a term holds a part of what was typed, at the beginning of a word or within one."""
    held = fold(value)
    words = held.split()
    fits = [piece in (held if len(piece) > 1 else words) for piece in pieces]
    return all(fits) or compact(value).startswith("".join(pieces))


def _parts(typed: str) -> list[str]:
    """Return what stands between spaces, without the signs before a number."""
    return [_FRAME.sub("", part) for part in typed[:LONGEST].split()][:MOST_WORDS]


def _pieces(part: str) -> list[str]:
    return [word[:LONGEST_WORD] for word in fold(part).split()]


def _exact(typed: str) -> list[str]:
    """Return the ways to write the whole of what was typed as one word of the index."""
    text = typed[:LONGEST].strip()
    ways = [compact(text), compact(_FRAME.sub("", text)), *(one.lower() for one in serials(text))]
    return [*dict.fromkeys(way for way in ways if way)]


def _words(typed: str) -> list[str]:
    """Return for each part of what was typed the words of the index that fit it."""
    found = []
    for pieces in map(_pieces, _parts(typed)):
        if pieces:
            joined = "".join(pieces)[:LONGEST_WORD]
            apart = " & ".join(map(_beginning, pieces))
            found.append(f"{_beginning(joined)} | ({apart})" if pieces[1:] else apart)
    return found


def _beginning(word: str) -> str:
    """Return the condition on words that begin so; a single letter is a word of its own."""
    return f"'{word}':*" if len(word) > 1 else f"'{word}'"


def _any(words: Sequence[str]) -> str:
    return " | ".join(f"'{word}'" for word in words)


# The database looks for them in no order, and stops at the limit. What is read outside the limit is
# planned as if all were wanted: for few it would rather read the whole table.
_ANY = """
WITH found AS MATERIALIZED (
    SELECT application_id FROM applications_searchentry WHERE words @@ %s::tsquery
)
SELECT application_id FROM found LIMIT %s
"""


class _Fits(Func):
    """Whether words of the index fit a condition on them."""

    output_field = BooleanField()
    template = "(%(expressions)s::tsquery)"
    arg_joiner = " @@ "


def _having(queries: Sequence[str], within: QuerySet[Application] | None) -> list[list[UUID]]:
    """Return the orders that fit each of the queries; none fits an empty one."""
    found: list[list[UUID]] = [[] for _ in queries]
    asked = {number: query for number, query in enumerate(queries) if query}
    if within is not None:
        for number, query in asked.items():
            fitting = within.order_by().filter(_Fits(F("search_entry__words"), Value(query)))
            found[number] += fitting.values_list("pk", flat=True)[: MOST_COUNTED + 1]
    elif asked:
        parts = [f"SELECT {number}, fitting.* FROM ({_ANY}) AS fitting" for number in asked]  # noqa: S608
        given = [each for query in asked.values() for each in (query, MOST_COUNTED + 1)]
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(parts), given)
            for number, key in cursor.fetchall():
                found[number].append(key)
    return found


def _of_serials(typed: Sequence[str], within: QuerySet[Application] | None) -> list[UUID]:
    """Return orders whose certificate is being made: the index learns its number when issued."""
    if not typed:
        return []
    authorities = list(IssuingCA.objects.values_list("pk", flat=True))
    made = PreparedCertificate.objects.filter(issuing_ca__in=authorities, serial__in=typed)
    found = list(made.values_list("reference", flat=True))
    if within is None:
        return found
    return list(within.order_by().filter(pk__in=found).values_list("pk", flat=True))
