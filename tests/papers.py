"""The papers of the orders that tests begin with: blank.

To render a paper takes a quarter of the time for which builders make an order and have it decided,
and no test reads what the paper of such an order says. What a test has rendered itself is the paper
as it is, as is what a worker of another process renders.
"""

from collections.abc import Callable
from functools import cache, wraps
from typing import Any

import pytest


def blank_in[**P, Made](build: Callable[P, Made]) -> Callable[P, Made]:
    """Return the builder, such that papers made within are blank."""

    @wraps(build)
    def built(*arguments: P.args, **more: P.kwargs) -> Made:
        from applications.documents import papers  # loads the renderer, which few tests need

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(papers, "_pdf", lambda _html, _identifier: _blank())
            return build(*arguments, **more)

    return built


@cache
def _blank() -> bytes:
    from weasyprint import HTML

    page = "<html lang=fi><head><title>x</title></head><body><p>This is blank.</p></body></html>"
    made: Any = HTML(string=page).write_pdf(pdf_variant="pdf/ua-1")
    return bytes(made)
