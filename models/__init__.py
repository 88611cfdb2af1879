"""Forecasts of displacement toward border points, and what follows from them."""
