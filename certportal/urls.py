"""Root URL configuration: endpoints for machines, and pages under a language prefix."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from accounts.views import register
from applications.views.account.certificates import listing, listing_csv
from applications.views.account.home import home
from certportal.operations import health
from certportal.public import pages
from certportal.web import errors
from issuance.views.authorities import authorities

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
        path("certificates/certificates.csv", listing_csv, name="certificates_csv"),
        path("authorities/", authorities, name="authorities"),
        path("account/", include("accounts.urls.people")),
        path("orders/", include("applications.urls.orders")),
        path("customers/", include("applications.urls.customers")),
        path("contact-link/", include("applications.urls.contact")),
        path("technical/", include("applications.urls.technical")),
        path("console/", include("applications.urls.console")),
        path("settings/", include("accounts.urls.staff")),
    ),
    path("", include("accounts.urls.machines")),
]

if settings.MAIL_IS_LOCAL and not settings.PRODUCTION:
    from certportal.dev import mailbox  # refused in production

    urlpatterns += [
        path("dev/mail/", mailbox.index, name="dev_mail"),
        path("dev/mail/samples/", mailbox.samples, name="dev_mail_samples"),
        path("dev/mail/<word:name>", mailbox.show, name="dev_mail_show"),
    ]

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.page_not_found
handler500 = errors.server_error
