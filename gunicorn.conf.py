"""Read by gunicorn from the current folder: our workers by their names, and defaults."""

from gunicorn.workers import SUPPORTED_WORKERS

# gunicorn 26 and later have no eventlet worker; its gevent worker patches locks that our
# threads share.
SUPPORTED_WORKERS["eventlet"] = "orch_next.serving.EventletWorker"
SUPPORTED_WORKERS["gevent"] = "orch_next.serving.GeventWorker"

# Open streams and sockets end within 3 s of a stop, and the dispatcher's commands within 12 s
# more; what does not is killed after this.
graceful_timeout = 16
# Longer than a proxy keeps an idle connection (nginx: 60 s), so that it never sends a request
# into one that is being closed.
keepalive = 75
# Each open page holds one connection; gunicorn's default of 1000 is reached too soon.
worker_connections = 20000
# One socket per user, not per server: two servers of one user would take it from each other.
control_socket_disable = True
