from typing import Any

from django.core.files.storage import Storage

from issuance.management.rounds import Carrier, RoundsCommand
from issuance.publication.shared.fetching import Fetcher


class Command(RoundsCommand):
    help = "Fetch CA certificates, lists and OCSP responses from the shared store as they change."

    def carrier(self, store: Storage, options: dict[str, Any]) -> Carrier:
        return Fetcher(store)
