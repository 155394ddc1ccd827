"""A cache of answers from the database while a page, a mail or one decision's facts are read."""

import functools
import inspect
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_answers: ContextVar[dict[Hashable, Any] | None] = ContextVar("answers", default=None)


@contextmanager
def one_reading() -> Iterator[None]:
    """Cache the results of functions that are `asked_once` during the block.

    The block must not change anything. A service that decides reads its facts in a block of its
    own, after it has locked what it decides about.
    """
    before = _answers.set({})
    try:
        yield
    finally:
        _answers.reset(before)


@contextmanager
def same_reading() -> Iterator[None]:
    """Go on with the reading that the block is part of, or begin one."""
    if _answers.get() is not None:
        yield
        return
    with one_reading():
        yield


def know[**P, R](function: Callable[P, R], answer: R, *args: P.args, **kwargs: P.kwargs) -> None:
    """Put an answer that was read in another way into the cache of an `asked_once` function."""
    answers = _answers.get()
    if answers is not None:
        answers[_question(inspect.unwrap(function), args, kwargs)] = answer


def is_known[**P](function: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> bool:
    """Whether the cache has an answer of the `asked_once` function for these arguments."""
    return _question(inspect.unwrap(function), args, kwargs) in (_answers.get() or {})


def asked_once[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function whose results are cached inside `one_reading`, by its arguments.

    The arguments must be hashable: keys, dates, times, saved rows.
    """

    @functools.wraps(function)
    def asked(*args: P.args, **kwargs: P.kwargs) -> R:
        answers = _answers.get()
        if answers is None:
            return function(*args, **kwargs)
        question = _question(function, args, kwargs)
        if question not in answers:
            answers[question] = function(*args, **kwargs)
        found: R = answers[question]
        return found

    return asked


def _question(
    function: Callable[..., Any], args: tuple[Hashable, ...], kwargs: Mapping[str, Hashable]
) -> Hashable:
    return function, args, tuple(sorted(kwargs.items()))
