"""The steps of the three phases, one module each; docs/migration.md says what each moves."""
