"""Validation of Finnish personal identity codes, which are stored only as a keyed hash."""

from stdnum.exceptions import ValidationError
from stdnum.fi import hetu


def read_hetu(text: str, *, temporary_allowed: bool) -> str | None:
    """Return the code in canonical form, or None if it is not a valid personal identity code.

    The century sign is part of the code: signs in use since 2023 (``Y X W V U`` and ``B`` to
    ``F``) distinguish persons whose other characters match.
    """
    try:
        code: str = hetu.validate(text, allow_temporary=temporary_allowed)
    except ValidationError:
        return None
    return code
