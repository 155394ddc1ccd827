# Two images: `portal` for web, front, workers, signer and beat, and `proxy`, nginx with the static files.
# Nothing is made when a container starts: static files, the font, translations, bytecode and the
# tables of the tests for weak keys are here, so every file system is read-only. No compiler and no
# pip come along.
FROM debian:trixie-slim AS build

RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        binutils ca-certificates gettext python3-venv postgresql-client-17 \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 libseccomp2 \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/portal

# Wheels alone: nothing is compiled. pip stands in a virtual environment of its own; of the packages'
# translations those into our languages are kept, likewise of hyphenation, and of Amazon's services the
# store's alone. Neither tests are needed, nor sources and debugging symbols of what is compiled (17 MB),
# nor the files of Django's administration, nor its geography.
COPY requirements.txt requirements-sbom.txt ./
RUN python3 -m venv /opt/tools \
    && python3 -m venv --without-pip /opt/venv \
    && /opt/tools/bin/pip --python /opt/venv/bin/python install \
        --no-cache-dir --only-binary :all: --require-hashes -r requirements.txt \
    && /opt/tools/bin/pip install --no-cache-dir --require-hashes -r requirements-sbom.txt \
    && rm requirements-sbom.txt \
    && find /opt/venv -path '*/locale/*/LC_MESSAGES' ! -path '*/locale/fi/*' \
        ! -path '*/locale/sv/*' ! -path '*/locale/en/*' -prune -exec rm -r {} + \
    && find /opt/venv -path '*/botocore/data/*' -prune -type d ! -name s3 -exec rm -r {} + \
    && find /opt/venv -path '*/pyphen/dictionaries/*' -type f ! -name '*_sv*' ! -name '*_en_*' -delete \
    && find /opt/venv -type d \( -name tests -o -path '*/django/contrib/*/static' \
        -o -path '*/django/contrib/gis' \) -prune -exec rm -r {} + \
    && find /opt/venv \( -name '*.c' -o -name '*.h' -o -name '*.pyx' -o -name '*.pyi' \) -delete \
    && find /opt/venv -name '*.so*' -exec strip --strip-debug {} +

# The software bill of materials (CycloneDX): what is installed, not what was asked for.
COPY pyproject.toml ./
RUN /opt/tools/bin/cyclonedx-py environment --pyproject pyproject.toml --mc-type application \
        --output-reproducible --output-format JSON --output-file sbom.cdx.json /opt/venv/bin/python

COPY . .
RUN for po in locale/*/LC_MESSAGES/*.po; do msgfmt -o "${po%.po}.mo" "$po" && rm "$po"; done \
    && PORTAL_ENV=production PORTAL_BASE_URL=https://build.invalid PORTAL_DATA=/tmp/build \
        STATIC_ROOT=/srv/static SECRET_KEY=only-while-the-image-is-built \
        /opt/venv/bin/python manage.py collectstatic --noinput -v 0 \
    && /opt/venv/bin/python -m compileall -q certportal accounts applications issuance \
    && /opt/venv/bin/python -c \
        'from issuance.keys.computable import prepare_search; prepare_search()' \
    # Whatever the umask of the checkout was, the services' users read it.
    && chmod -R a+rX,go-w /srv

# ------------------------------------------------------------------ nginx

FROM debian:trixie-slim AS proxy

RUN apt-get update \
    && apt-get install -y --no-install-recommends nginx \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --no-create-home --home-dir /nonexistent --uid 10005 portal-proxy
COPY --from=build /srv/portal/deploy/proxy/nginx.conf /etc/nginx/nginx.conf
COPY --from=build /srv/portal/certportal/operations/proxy/shared \
    /srv/portal/deploy/proxy/static.conf /etc/nginx/portal.d/
COPY --from=build /srv/portal/certportal/operations/proxy/pages /srv/pages
COPY --from=build /srv/static /srv/static

USER portal-proxy
EXPOSE 8080 8443
CMD ["nginx", "-e", "stderr", "-p", "/tmp/", "-c", "/etc/nginx/nginx.conf"]

# ------------------------------------------------------------------ the service

FROM debian:trixie-slim AS portal

# Of PostgreSQL's client only what backup and restore run: its package would bring all of Perl.
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates python3 tzdata age libpq5 libreadline8t64 \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 libseccomp2 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /usr/lib/postgresql/17/bin/pg_dump /usr/lib/postgresql/17/bin/pg_restore \
    /usr/lib/postgresql/17/bin/psql /usr/lib/postgresql/17/bin/

# A user for each process, so that none reads or stops another: 10001 web, 10002 the default
# worker and, in a container of its own, the mail worker, 10003 the signer (and what works on its
# files: key ceremonies, backups), 10004 beat, 10006 front. The group reads what they share.
RUN groupadd --system --gid 10000 portal \
    && for one in web:10001 worker:10002 signer:10003 beat:10004 front:10006; do \
        useradd --system --no-create-home --home-dir /nonexistent --gid portal \
            --uid "${one#*:}" "portal-${one%:*}"; done
# Volumes begin as these directories are. What web and the workers of 10002 write is the
# group's; what the signer writes, the group may read, but for keys and its journal.
RUN install -d -o portal-web -g portal -m 2750 /var/lib/portal \
    && install -d -o portal-web -g portal -m 2770 \
        /var/lib/portal/attachments /var/lib/portal/numbers \
    && install -d -o portal-signer -g portal -m 2750 \
        /var/lib/portal/crl /var/lib/portal/ocsp /var/lib/portal/ca /var/lib/portal/store \
    && install -d -o portal-signer -g portal -m 700 \
        /var/lib/portal/journal /var/lib/ca-keys /backups

COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/static /srv/static
COPY --from=build /srv/portal /srv/portal
WORKDIR /srv/portal
USER portal-web
# What libraries keep in a home directory (fontconfig, gunicorn) goes to the temporary file system.
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin HOME=/tmp \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    PORTAL_ENV=production PORTAL_DATA=/var/lib/portal STATIC_ROOT=/srv/static
EXPOSE 8000
CMD ["gunicorn", "certportal.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", \
    "--workers", "2", "--threads", "4", "--timeout", "60", "--worker-tmp-dir", "/dev/shm"]
