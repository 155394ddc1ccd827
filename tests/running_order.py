"""Which tests of a run of all are run, and which of them first."""

import zlib
from pathlib import Path
from typing import Any

# Files whose few tests take long: were they the last, one process would wait for the other.
LONG = {
    *["test_run.py", "test_run_token.py", "test_database_limit.py", "test_hidden_fields.py"],
    *["test_dripping.py", "test_leaked_key.py", "test_worker.py", "test_ocsp_served.py"],
    *["test_files_served.py", "test_kept_papers.py", "test_fifty_orders.py", "test_headers.py"],
    *["test_rolling.py", "test_whole_table.py", "test_at_once.py", "test_faults.py"],
    *["test_suppliers.py", "test_kill.py", "test_auditors.py", "test_traces.py", "test_build.py"],
    *["test_event_receipts.py", "test_journals.py", "test_computable_keys.py", "test_samples.py"],
    *["test_stored_text.py", "test_settings_in_use.py", "test_shared_store_lost.py"],
    *["test_self_checks.py", "test_shared_start.py", "test_shared_store.py", "test_serving.py"],
    *["test_broker.py", "test_strangers.py", "test_cross_site.py"],
    *["test_certificates.py", "test_first_screen.py", "test_samples_in_browser.py"],
    *["test_days_in_browser.py", "test_hung_servers.py"],
}
# It looks at what pages take, and test_run.py starts everything: it comes after those.
AFTER_LONG = "test_hangs.py"


def is_of_the_pair(item: Any) -> bool:
    """Whether a way through pages is gone in its language: Finnish, and one of the two others.

    Which one changes from test to test, and most pages are looked at by several. A test that is run
    by itself goes its way in all three.
    """
    language = item.callspec.params.get("language") if hasattr(item, "callspec") else None
    if language not in {"sv", "en"} or item.get_closest_marker("browser") is None:
        return True
    other = ("sv", "en")[zlib.crc32(item.originalname.encode()) % 2]
    return bool(language == other)


def rank(path: Path) -> tuple[bool, bool]:
    """Return what a test of this file is sorted by: the smaller comes first."""
    return "journeys" in path.parts or path.name not in LONG, path.name != AFTER_LONG
