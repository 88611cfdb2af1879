"""The shape of the truth: tables, settings, the database and the only module that writes rows."""
