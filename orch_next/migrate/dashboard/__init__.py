"""The legacy's pages: what an owner changed, what those pages call, and whether it is here."""
