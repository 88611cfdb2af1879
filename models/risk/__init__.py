"""Risk classes that the field already uses."""
