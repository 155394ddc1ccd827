# Static checks that run before the tests, and the formatters. Sourced by ./portal.

check_sources() {
    heading "lint"
    .venv/bin/python -m ruff check .
    .venv/bin/python -m ruff format --check .
    heading "shell scripts"
    shellcheck --shell bash --external-sources portal certportal/shell/*.sh .ci/run \
        deploy/prepare deploy/take-bounce tests/containers/images/*.sh tests/containers/images/*/*.sh
    heading "types"
    .venv/bin/python -m mypy
    heading "import contracts"
    .venv/bin/lint-imports
    heading "templates, stylesheets and scripts"
    check_templates
    heading "missing migrations"
    # Runs without a database; the warning about that is ignored.
    PYTHONWARNINGS=ignore::RuntimeWarning manage makemigrations --check --dry-run
    heading "migrations beside the previous version"
    .venv/bin/python -m tests.portal.migration_steps
    heading "system checks"
    manage check --fail-level WARNING
    heading "untranslated strings"
    check_translations
    heading "refused words"
    .venv/bin/python -m tests.portal.refused_words locale/*/LC_MESSAGES/django.po
}

format_sources() {
    .venv/bin/python -m ruff check --fix .
    .venv/bin/python -m ruff format .
    format_templates
}

STYLED="static/portal templates/applications/papers/paper.css"

# The formatters keep whitespace that browsers render. Text templates (mails) are not formatted,
# because all of their whitespace is sent.
check_templates() {
    .venv/bin/djangofmt --check templates tests
    .venv/bin/djangofmt check templates tests
    # shellcheck disable=SC2086 # a list of words
    .venv/bin/oxfmt --check $STYLED
}

format_templates() {
    .venv/bin/djangofmt check --fix templates tests
    .venv/bin/djangofmt templates tests
    # shellcheck disable=SC2086 # a list of words
    .venv/bin/oxfmt $STYLED
}

# Extracts the strings in a copy of the sources. Lists those without translation, and entries of the
# catalogues that no source uses.
check_translations() {
    local copy po wrong=0
    copy=$(mktemp -d)
    cp -r manage.py certportal accounts applications issuance templates locale "$copy"
    (cd "$copy" && "$HERE/.venv/bin/python" manage.py makemessages --all --no-obsolete >/dev/null)
    for po in locale/*/LC_MESSAGES/django.po; do
        local found
        found=$(msgattrib --no-wrap --untranslated "$copy/$po"; msgattrib --no-wrap --only-fuzzy "$copy/$po")
        list_entries "No translation in $po:" "$found" || wrong=1
        found=$(msgattrib --no-wrap --translated --no-fuzzy "$copy/$po" | msgcomm --no-wrap --unique "$po" -)
        list_entries "Used by no source, in $po:" "$found" || wrong=1
    done
    rm -rf "$copy"
    [ $wrong = 0 ] && echo "All strings are translated, and all translations used."
}

# Prints the title and the entries but the catalogue's header. Fails if there are any.
list_entries() {
    local found
    found=$(awk -v RS= -v ORS='\n\n' '!/(^|\n)msgid ""\nmsgstr/ && !/^#~/' <<<"$2")
    [ -n "$found" ] || return 0
    printf '%s\n%s\n' "$1" "$found"
    return 1
}
