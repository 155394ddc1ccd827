"""The technical contact's pages: one order, by a link or as a technical member of the account."""
