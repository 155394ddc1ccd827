"""The browser of these tests: Debian's, beside the test's own database."""

from tests.gallery.conftest import _browser_beside_database as _browser_beside_database
from tests.gallery.conftest import browser_type_launch_args as browser_type_launch_args
from tests.gallery.conftest import watched as watched
