"""STORAGE: the database that all rooms share: engine, patience, numbered migrations, modes."""
