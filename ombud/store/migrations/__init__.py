"""Migrations of the database, applied by `ombud.store.migrate`."""
