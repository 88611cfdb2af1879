"""Features of the as-of panel, one module each."""
