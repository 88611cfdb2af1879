"""The offline basemap: one PMTiles file built from public-domain data that package registries carry."""
