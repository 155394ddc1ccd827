"""The papers of the orders that tests begin with, and of those they only pass: blank.

To lay a paper out takes a quarter of the time for which builders make an order and have it decided,
and few tests read what it says. Those of a module marked with `reads_papers` get those that workers
make in the test as they are. So is any that a test renders itself, and what a worker of another
process renders. The text of a paper is made in any case.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, wraps
from typing import Any

BLANK = "This is blank."

are_read = False
"""Whether the test that runs reads papers."""
_is_blank = ContextVar("_is_blank", default=False)  # threads have their own


def blank_in[**P, Made](build: Callable[P, Made]) -> Callable[P, Made]:
    """Return the builder, such that papers made within are blank."""

    @wraps(build)
    def built(*arguments: P.args, **more: P.kwargs) -> Made:
        with _blank_papers():
            return build(*arguments, **more)

    return built


def blank_unless_read[**P, Made](work: Callable[P, Made]) -> Callable[P, Made]:
    """Return the worker's function, such that the paper it makes is blank if no test reads it."""

    @wraps(work)
    def done(*arguments: P.args, **more: P.kwargs) -> Made:
        if are_read:
            return work(*arguments, **more)
        with _blank_papers():
            return work(*arguments, **more)

    return done


@contextmanager
def _blank_papers() -> Iterator[None]:
    _let_be_blank()
    before = _is_blank.set(True)
    try:
        yield
    finally:
        _is_blank.reset(before)


@cache
def _let_be_blank() -> None:
    from applications.documents import papers  # loads the renderer, which few tests need

    render = papers._pdf

    def rendered(html: str, identifier: str) -> bytes:
        return _blank() if _is_blank.get() else render(html, identifier)

    setattr(papers, render.__name__, rendered)


@cache
def _blank() -> bytes:
    from weasyprint import HTML

    page = f"<html lang=fi><head><title>x</title></head><body><p>{BLANK}</p></body></html>"
    made: Any = HTML(string=page).write_pdf(pdf_variant="pdf/ua-1")
    return bytes(made)
