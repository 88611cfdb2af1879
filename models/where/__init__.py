"""Where will people go: shares of destinations that need no history of any of them."""
