"""Published files (CA certificates, CRLs, OCSP responses) for machines that have no signer.

The signer's machine sends them to the shared store, and every other machine keeps a copy, from
which it serves while store and database are away.
"""
