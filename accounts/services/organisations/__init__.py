"""Accounts of organisations: founding, membership, invitations, succession."""
