"""Names found by words without diacritics: "toolo" finds "Töölö", and "Töölö" finds "Toolo".

Comparing a name without its diacritics takes eight times as long as comparing it as it is, so the
database does it only for names that have the word's other letters, and not the word as typed.
"""

from django.db.models import BooleanField, F, Func, Q, TextField, Value
from django.db.models.functions import Lower, Upper
from django.db.models.lookups import Contains

MOST_WORDS = 8
"""The most words that are looked for, as each is compared with every name."""
_WITH = "åäöéèëêáàâãóòôõøíìîïúùûüýÿšžčřťďňçñ"
_PLAIN = "aaoeeeeaaaaoooooiiiiuuuuyyszcrtdncn"
FROM, TO = _WITH + _WITH.upper(), _PLAIN + _PLAIN.upper()
"""Letters with diacritics, and the letters that stand for them."""
_FOLDED = str.maketrans(FROM, TO)
_ANY_LETTER = str.maketrans(dict.fromkeys(TO, "_") | {"\\": r"\\", "%": r"\%", "_": r"\_"})


def words_in(typed: str) -> list[str]:
    """Return the words to look for: the first `MOST_WORDS` that differ."""
    return list(dict.fromkeys(typed.split()))[:MOST_WORDS]


def words_held(words: str, *columns: str) -> Q:
    """Return the condition that each of `words_in` is in one of the columns, in whatever case."""
    found = Q()
    for word in words_in(words):
        in_one = Q()
        for column in columns:
            in_one |= _held(column, word)
        found &= in_one
    return found


def _held(column: str, word: str) -> Q:
    folded = word.translate(_FOLDED)
    pattern = Upper(Value(f"%{folded.translate(_ANY_LETTER)}%", TextField()))
    is_like = Func(
        Upper(F(column)),
        pattern,
        template="(%(expressions)s)",
        arg_joiner=" LIKE ",
        output_field=BooleanField(),
    )
    plain = Func(F(column), Value(FROM), Value(TO), function="TRANSLATE", output_field=TextField())
    as_typed = Q(**{f"{column}__icontains": word})
    return Q(is_like) & (as_typed | Q(Contains(Lower(plain), folded.lower())))
