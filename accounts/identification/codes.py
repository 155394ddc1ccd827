"""Finnish personal identity codes: validated, and then only ever compared as a keyed hash."""

import re

from stdnum.exceptions import ValidationError
from stdnum.fi import hetu

# Population Information Decree 886/1993: individual numbers 900–999 are temporary, used in tests.
TEMPORARY = re.compile(r"^.{7}9")


def read_hetu(text: str, *, temporary_allowed: bool) -> str | None:
    """Return the code in its one form, or None when it is not a valid personal identity code.

    The century sign is part of the code: signs in use since 2023 (``Y X W V U`` and ``B`` to
    ``F``) tell apart persons whose other characters agree.
    """
    try:
        code: str = hetu.validate(text, allow_temporary=temporary_allowed)
    except ValidationError:
        return None
    return code
