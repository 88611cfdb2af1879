"""Colours that stay apart for colour-blind readers and in print. Colour is never the only carrier of a level."""

IMPACT_COLOUR = {1: "#7aa6c2", 2: "#4f8fc0", 3: "#e0b13a", 4: "#e07b1f", 5: "#a8323a"}
NO_FORECAST_COLOUR = "#9aa3ab"
SITE_COLOUR = "#3f6f5f"
OBSERVED_COLOUR = "#22333f"
FORECAST_COLOUR = "#1f6fb5"
PROVISIONAL_COLOUR = "#f1efe6"
NOTE_COLOUR = "#8a1c24"
GAP_COLOUR = {
    "none": "#4f9d69",
    "tight": "#e0b13a",
    "gap": "#e07b1f",
    "overwhelmed": "#a8323a",
    "not_assessed": "#9aa3ab",
}
