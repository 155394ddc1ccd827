"""The contents of a submission for people to read: labels and values of its fields."""

from typing import Any

from applications.rules import fields


def facts(content: dict[str, Any], *, without: frozenset[str]) -> list[tuple[str, str]]:
    """Return (label, value) of each field with a value or a text for "unset", in the form's order.


    `content` is a submission's parsed JSON; `without` are keys to leave out.
    """
    return [
        (str(field.label), field.in_words(content[field.key]))
        for field in fields.FIELDS
        if field.label and field.key in content.keys() - without
        if field.in_words(content[field.key])
    ]
