"""The public pages of the authority and the files they link to."""
