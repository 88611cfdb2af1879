"""Pure functions from frames to figures."""
