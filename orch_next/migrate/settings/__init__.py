"""Old settings: reading the legacy's files and scripts, and what each key becomes here."""
