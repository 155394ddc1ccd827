"""Buttons of an order's page that ask nothing."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.functional import Promise

from accounts import access
from applications.models import Application
from applications.views.shared.entry import order_view
from applications.views.shared.page import order_url
from certportal.foundation.web.pressed import pressed_on


def order_button(
    act: Callable[..., object],
    message: Promise,
    given: Callable[[HttpRequest], dict[str, Any]] = access.acting,
) -> Callable[..., HttpResponseBase]:
    """Return the view of a button that calls the service with what `given` returns."""

    @order_view
    @pressed_on("applications:order", "application_id")
    def press(request: HttpRequest, application: Application) -> HttpResponse:
        act(application.pk, **given(request))
        messages.success(request, str(message))
        return redirect(order_url(application))

    return press
