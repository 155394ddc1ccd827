"""Addresses of buttons, which only take POST: opened by themselves, they lead to its page."""

import functools
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.urls import reverse


class OnlyPressed(HttpResponseNotAllowed):
    """Refusal of another method than POST. `place`: the URL of the page that has the button."""

    def __init__(self, place: str) -> None:
        super().__init__(["POST"])
        self.place = place


def pressed_on[Response: HttpResponseBase](
    page: str, key: str = ""
) -> Callable[[Callable[..., Response]], Callable[..., Response | OnlyPressed]]:
    """Return the decorator that admits only POST, by a button of the page with the URL name `page`.

    `key`: what both addresses call the id of the page's object.
    """

    def decorate(view: Callable[..., Response]) -> Callable[..., Response | OnlyPressed]:
        @functools.wraps(view)
        def pressed(request: HttpRequest, *args: Any, **kwargs: Any) -> Response | OnlyPressed:
            if request.method == "POST":
                return view(request, *args, **kwargs)
            here: Any = request.resolver_match
            return OnlyPressed(reverse(page, args=[here.kwargs[key]] if key else []))

        return pressed

    return decorate
