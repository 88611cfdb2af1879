"""Alembic migrations of the schema; `data.migrate` runs them."""
