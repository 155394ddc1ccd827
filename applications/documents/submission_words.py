"""The contents of a frozen submission for people to read: labels and values of its fields."""

from typing import Any

from applications.rules import fields


def facts(content: dict[str, Any], *, without: frozenset[str]) -> list[tuple[str, str]]:
    """Return (label, value) of each field that was filled in or says something empty.

    They are in the form's order.

    `content` is a submission's parsed JSON; `without` are keys to leave out.
    """
    return [
        (str(one.label), one.in_words(content[one.key]))
        for one in fields.FIELDS
        if one.label and one.key in content.keys() - without and one.in_words(content[one.key])
    ]
