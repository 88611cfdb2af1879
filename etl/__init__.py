"""Feeds into the store: sources, their contract and the pipeline that all of them share."""
