"""Buttons of an order's page that ask nothing."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from accounts import access
from applications.models import Application
from applications.views.shared.entry import order_view
from applications.views.shared.page import order_url
from certportal.foundation.web.pressed import pressed_on


def order_button(
    act: Callable[..., object],
    message: Callable[[Application], str],
    given: Callable[[HttpRequest], dict[str, Any]] = access.acting,
) -> Callable[..., HttpResponseBase]:
    """Return the view of a button that calls the service with what `given` returns.

    `message` words what is done, from the order as it was before.
    """

    @order_view
    @pressed_on("applications:order", "application_id")
    def press(request: HttpRequest, application: Application) -> HttpResponse:
        words = message(application)
        act(application.pk, **given(request))
        messages.success(request, words)
        return redirect(order_url(application))

    return press
