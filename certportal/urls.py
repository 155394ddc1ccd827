"""The URL table: machines' addresses bare, people's pages under their language."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.utils.module_loading import module_has_submodule  # noqa: F401

urlpatterns: list[URLPattern | URLResolver] = []
