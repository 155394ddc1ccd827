"""The transparent log of events: a Merkle tree over them, kept as files outside the database.

Events are the leaves of a tree as in RFC 6962 and RFC 9162, stored in the tiles of
https://c2sp.org/tlog-tiles, and its head is signed as a https://c2sp.org/tlog-checkpoint. Anybody
who has kept a head can later prove whether events logged before it were changed. The signing worker
builds the log (`issuance.services.event_log`); this package reads and verifies it. See
docs/decisions/event-log.md.
"""
