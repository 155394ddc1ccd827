# One image for web, worker, signer and beat; the steps are those of ./portal.
FROM python:3.13-slim-trixie

RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 gettext \
        age postgresql-client \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --system --create-home --uid 10001 portal
WORKDIR /srv/portal

COPY requirements.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements.txt

COPY . .
RUN for po in locale/*/LC_MESSAGES/*.po; do msgfmt -o "${po%.po}.mo" "$po"; done \
    && install -d -o portal -m 750 /var/lib/portal /var/lib/ca-keys \
        /var/lib/portal/journal /var/lib/portal/crl /var/lib/portal/ocsp /var/lib/portal/ca /backups

USER portal
ENV PYTHONUNBUFFERED=1 PORTAL_ENV=production PORTAL_DATA=/var/lib/portal
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-m", "certportal.probe"]
CMD ["gunicorn", "certportal.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "4"]
