"""The URL table: machines' addresses bare, people's pages under their language."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from accounts.views import register
from applications.views.certificates import listing
from applications.views.home import home
from certportal import error, health, mailbox, pages, samples
from issuance.pages import authorities

urlpatterns: list[URLPattern | URLResolver] = [
    path("livez", health.livez, name="livez"),
    path("healthz", health.healthz, name="healthz"),
    path("console/", RedirectView.as_view(pattern_name="console:queue")),
    path("", include("issuance.urls")),
    *pages.root_urlpatterns,
    *i18n_patterns(
        *pages.urlpatterns,
        path("home/", home, name="home"),
        path("register/", register.search, name="register"),
        path("register/options/", register.options, name="register_options"),
        path("certificates/", listing, name="certificates"),
        path("authorities/", authorities, name="authorities"),
        path("account/", include("accounts.urls")),
        path("orders/", include("applications.urls")),
        path("contact-link/", include("applications.contact_urls")),
        path("technical/", include("applications.technical_urls")),
        path("console/", include("applications.console_urls")),
        path("settings/", admin.site.urls),
    ),
    path("", include("accounts.machine_urls")),
]

if settings.MAIL_IS_LOCAL and not settings.PRODUCTION:
    urlpatterns += [
        path("dev/mail/", mailbox.index, name="dev_mail"),
        path("dev/mail/samples/", samples.index, name="dev_mail_samples"),
        path("dev/mail/<str:name>", mailbox.show, name="dev_mail_show"),
    ]

handler400 = error.bad_request
handler500 = error.server_error
