"""The app for WSGI servers (`gunicorn -k eventlet -w 1 wsgi:app`); one app per process."""

from __future__ import annotations

from orch_next.app import create_app, start_background
from orch_next.serving import load_app

app = load_app(create_app, start_background)
