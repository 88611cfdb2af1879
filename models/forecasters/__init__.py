"""Forecasting models, one module each; the contract is `models.forecaster`."""
