"""The legacy's dispatcher: how it was started, whether it runs, what it locked."""
