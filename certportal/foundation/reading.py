"""What a page asks more than once is asked once: answers are kept while one page is read."""

import functools
import inspect
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_answers: ContextVar[dict[Hashable, Any] | None] = ContextVar("answers", default=None)


@contextmanager
def one_reading() -> Iterator[None]:
    """Let what is `asked_once` be asked once in the block, which decides and changes nothing.

    What a service decides by, it reads itself, outside of any reading.
    """
    before = _answers.set({})
    try:
        yield
    finally:
        _answers.reset(before)


def know[**P, R](function: Callable[P, R], answer: R, *args: P.args, **kwargs: P.kwargs) -> None:
    """Keep an answer that was read already as that of the function, which is `asked_once`."""
    answers = _answers.get()
    if answers is not None:
        answers[_question(inspect.unwrap(function), args, kwargs)] = answer


def is_known[**P](function: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> bool:
    """Whether the function, which is `asked_once`, has an answer already in this reading."""
    return _question(inspect.unwrap(function), args, kwargs) in (_answers.get() or {})


def asked_once[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Answer the same question with the first answer while one page is read, else anew.

    The arguments are hashable: keys, days, moments, rows that are saved.
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
