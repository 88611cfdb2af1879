"""The Dash application: pages, figures, tiles and queries."""
