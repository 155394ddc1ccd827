"""What gunicorn is told wherever it is started from this directory."""

# TRUSTED_PROXIES decides who is believed about https. gunicorn's own rule believes whoever is on
# this machine, and everybody behind a Unix socket.
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
# Its place would be the user's home, shared by every gunicorn of that user; nobody uses it.
control_socket_disable = True
