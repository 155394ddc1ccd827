"""Addresses of the gallery: every component and form state on a page, in three languages."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import path

from accounts.views import register
from certportal.public import pages
from tests.gallery import views

handler500 = "certportal.web.errors.server_error"
urlpatterns = [
    *pages.root_urlpatterns,
    *i18n_patterns(
        *pages.urlpatterns,
        path("register/", register.search, name="register"),
        path("gallery/components/", views.components, name="home"),
        path("gallery/form/", views.form, name="gallery_form"),
        path("gallery/question/", views.question, name="gallery_question"),
        path("gallery/console/", views.console, name="gallery_console"),
        path("gallery/sent/", views.sent, name="gallery_sent"),
        path("gallery/refuse/<str:kind>/", views.refuse, name="gallery_refuse"),
    ),
]
