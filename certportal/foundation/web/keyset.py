"""Pages of a long list by the number of the last row seen: none is counted, and none skipped."""

from django.http import HttpRequest

_LARGEST = 2**63 - 1


def before_of(request: HttpRequest) -> int | None:
    """Return the number before which the page begins; None for the first page.

    Shown with `components/older.html`.
    """
    given = request.GET.get("before", "")
    is_number = given.isascii() and given.isdecimal() and len(given) < 20
    return min(int(given), _LARGEST) if is_number else None
