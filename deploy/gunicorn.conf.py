"""gunicorn for one ORCH folder: `gunicorn -c deploy/gunicorn.conf.py` (docs/operations.md).

The address is ORCH_HOST and ORCH_PORT, as for `orch-next serve`.
"""

import os

from orch_next.config import load_settings

_settings = load_settings(os.environ)

wsgi_app = "wsgi:app"
bind = f"{_settings.host}:{_settings.port}"
worker_class = "orch_next.serving.EventletWorker"
# More processes: one gunicorn each, on a port of its own, with Redis and a proxy that keeps a
# client at its process. Several workers behind one port cannot do that.
workers = 1
worker_connections = 20000

# Open streams and sockets end within 3 s of a stop, and the dispatcher's commands within 12 s
# more; what does not is killed after this.
graceful_timeout = 16
# Longer than a proxy keeps an idle connection (nginx: 60 s), so that it never sends a request
# into one that is being closed.
keepalive = 75
control_socket_disable = True

# The access log is the proxy's; errors go to the journal of systemd or Docker.
accesslog = None
errorlog = "-"
