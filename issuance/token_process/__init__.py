"""The process in which a PKCS#11 library is loaded: `python -m issuance.token_process`.

A call to the library cannot be interrupted, it may hold Python's lock while it hangs, and a fault
in the vendor's code ends the process that it is in. So it is in a process of its own, which
`issuance.signers.token` starts, asks over a socket and kills if no answer comes. It has one
session, ends when that fails or when nobody asks any more, and imports nothing that it does not
need: it is started in a fraction of a second.
"""
