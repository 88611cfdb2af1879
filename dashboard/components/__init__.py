"""Pure functions from frames to parts of a page."""
