"""Country polygons for the check that a point lies in the country it declares."""
