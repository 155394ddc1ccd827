# Everything the test command looks at before the tests. Sourced by ./portal.

check_sources() {
    heading "lint"
    .venv/bin/python -m ruff check .
    .venv/bin/python -m ruff format --check .
    heading "types"
    .venv/bin/python -m mypy
    heading "import contracts"
    .venv/bin/lint-imports
    heading "missing migrations"
    manage makemigrations --check --dry-run
    heading "system checks"
    manage check --fail-level WARNING
    heading "untranslated strings"
    check_translations
}

# Collect the sources' strings in a copy and see which the catalogues lack.
check_translations() {
    local copy po lacking=0
    copy=$(mktemp -d)
    cp -r manage.py certportal accounts applications issuance templates locale "$copy"
    (cd "$copy" && "$HERE/.venv/bin/python" manage.py makemessages -l fi -l sv --no-obsolete >/dev/null)
    for po in "$copy"/locale/*/LC_MESSAGES/django.po; do
        local found
        found=$(msgattrib --no-wrap --untranslated "$po"; msgattrib --no-wrap --only-fuzzy "$po")
        found=$(grep -E '^(#:|msgctxt|msgid) ' <<<"$found" | grep -v '^msgid ""$' || true)
        [ -n "$found" ] || continue
        lacking=1
        printf 'No translation in %s:\n%s\n' "${po#"$copy"/}" "$found"
    done
    rm -rf "$copy"
    [ $lacking = 0 ] && echo "All strings are translated."
}
