// The look of the map: a pale humanitarian basemap with our layers on it. No address outside this server.
(() => {
  "use strict";
  const SEA = "#d5e1e7", LAND = "#f4f2ec", BORDER = "#77828a", INK = "#22333f";
  const REGULAR = ["Noto Sans"], SEMIBOLD = ["Noto Sans SemiBold"];
  const DASHES = { disputed: [3, 2], indefinite: [1, 2], line_of_control: [5, 2, 1, 2] };
  const ARABIC = ["U+600-6FF", "U+750-77F", "U+FB50-FDFF", "U+FE70-FEFC"];
  const LATIN = ["U+0-FF", "U+131", "U+152-153", "U+2C6", "U+2DA", "U+2DC", "U+2000-206F", "U+20AC", "U+2212"];
  const LATIN_EXT = ["U+100-2BA", "U+1E00-1EFF", "U+2020", "U+20A0-20AB", "U+20AD-20C0"];

  const byZoom = (...stops) => ["interpolate", ["linear"], ["zoom"], ...stops];
  const nameIn = (language) => ["coalesce", ["get", `name_${language}`], ["get", "name"]];
  const fontFaces = (weight) => [
    { url: `/vendor/noto-sans-${weight}.woff2`, "unicode-range": LATIN },
    { url: `/vendor/noto-sans-ext-${weight}.woff2`, "unicode-range": LATIN_EXT },
    { url: `/vendor/noto-sans-arabic-${weight}.woff2`, "unicode-range": ARABIC },
  ];

  function layer(id, type, source, sourceLayer, options) {
    return { id, type, source, ...(sourceLayer && { "source-layer": sourceLayer }), ...options };
  }

  const base = (id, type, sourceLayer, options) => layer(id, type, "basemap", sourceLayer, options);

  function ground() {
    const line = (id, sourceLayer, paint, more) => base(id, "line", sourceLayer, {
      ...more, layout: { "line-join": "round", ...more?.layout }, paint,
    });
    const borderPaint = { "line-color": BORDER, "line-width": byZoom(2, 0.6, 6, 1.4, 10, 2.2) };
    return [
      { id: "sea", type: "background", paint: { "background-color": SEA } },
      base("land", "fill", "adm0", { paint: { "fill-color": LAND, "fill-outline-color": "#b9c6cd" } }),
      base("lakes", "fill", "lakes", { paint: { "fill-color": SEA, "fill-outline-color": "#b9c6cd" } }),
      line("rivers", "rivers", { "line-color": "#b5cdd9", "line-width": byZoom(3, 0.5, 7, 1.2, 10, 2) }),
      line("adm1", "adm1", { "line-color": "#bcc2c5", "line-width": byZoom(4, 0.5, 8, 1), "line-dasharray": [4, 2] },
        { minzoom: 4 }),
      line("adm0-band", "adm0_lines", {
        "line-color": "#8d98a0", "line-opacity": 0.16, "line-width": byZoom(3, 2, 7, 8, 10, 12),
      }),
      line("adm0-international", "adm0_lines", borderPaint, { filter: ["==", ["get", "kind"], "international"] }),
      ...Object.entries(DASHES).map(([kind, dash]) => line(`adm0-${kind}`, "adm0_lines",
        { ...borderPaint, "line-dasharray": dash }, { filter: ["==", ["get", "kind"], kind] })),
    ];
  }

  // Names the map's language changes; drawn below our own signs and giving way to them.
  function names() {
    const halo = { "text-halo-color": "#ffffffcc", "text-halo-width": 1.3 };
    const label = (id, sourceLayer, layout, paint, more) => base(id, "symbol", sourceLayer, {
      ...more, metadata: { isName: true }, layout: { "text-field": nameIn("en"), "text-padding": 4, ...layout },
      paint: { ...halo, ...paint },
    });
    const isDue = ["<=", ["get", "zoom"], ["zoom"]];
    return [
      label("adm1-names", "adm1_labels",
        { "text-font": REGULAR, "text-size": byZoom(5, 10, 8, 12.5), "text-letter-spacing": 0.08, "text-max-width": 7 },
        { "text-color": "#8b959b" }, { minzoom: 5.3, maxzoom: 9.5, filter: isDue }),
      label("places", "places", {
        "text-font": REGULAR, "text-size": ["match", ["get", "rank"], 1, 12.5, 2, 11.5, 11], "text-max-width": 8,
        "icon-image": ["concat", "town|", ["get", "rank"]], "icon-padding": 2, "text-radial-offset": 0.55,
        "text-variable-anchor": ["bottom", "top", "left", "right"], "text-justify": "auto",
        "symbol-sort-key": ["+", ["*", 10, ["get", "zoom"]], ["get", "rank"]],
      }, { "text-color": "#555f66" }, { minzoom: 3, filter: isDue }),
      label("adm0-names", "adm0_labels", {
        "text-font": SEMIBOLD, "text-size": byZoom(2, 9.5, 5, 13, 8, 18), "text-letter-spacing": 0.1,
        "text-transform": "uppercase", "text-max-width": 8, "text-justify": "center",
        "text-variable-anchor": ["center", "bottom", "top", "left", "right"], "text-radial-offset": 1.5,
      }, { "text-color": "#7b868d" }, { maxzoom: 8, filter: isDue }),
    ];
  }

  function events() {
    const icon = ["concat", "hazard|", ["downcase", ["get", "alert_level"]], "|", ["get", "event_type"]];
    const areaColour = ["match", ["get", "area_class"], "wind_red", "#a3262a", "wind_orange", "#c65d21", "wind_green", "#4f7d3a", "#6a5a86"];
    const area = (id, type, paint, filter) => layer(id, type, "hazard", "hazard_area", {
      metadata: { group: "hazard" }, paint, filter,
    });
    return [
      area("hazard-areas", "fill", { "fill-color": areaColour, "fill-opacity": 0.1 }, ["==", ["geometry-type"], "Polygon"]),
      area("hazard-edges", "line", { "line-color": areaColour, "line-opacity": 0.7, "line-width": 1.2 },
        ["!=", ["get", "area_class"], "cone"]),
      area("hazard-cones", "line", { "line-color": areaColour, "line-opacity": 0.7, "line-width": 1.2, "line-dasharray": [3, 2] },
        ["==", ["get", "area_class"], "cone"]),
      layer("conflict", "circle", "conflict", "conflict", {
        metadata: { group: "conflict" },
        paint: {
          "circle-color": "#c65d21", "circle-opacity": 0.5, "circle-stroke-color": "#8f3d0f", "circle-stroke-width": 0.6,
          "circle-radius": ["interpolate", ["linear"], ["sqrt", ["get", "n"]], 1, 2.6, 4, 6, 10, 11, 30, 20],
        },
      }),
      layer("hazard", "symbol", "hazard", "hazard", {
        metadata: { group: "hazard" },
        layout: { "icon-image": icon, "icon-allow-overlap": true },
      }),
    ];
  }

  function routes() {
    const line = (id, filter, paint) => layer(id, "line", "routes", null, {
      metadata: { group: "routes" }, filter, layout: { "line-cap": "butt", "line-join": "round" }, paint,
    });
    const width = ["case", ["to-boolean", ["get", "crossing"]], 2.2, 1.4];
    const isClosed = ["to-boolean", ["get", "closed"]];
    return [
      line("routes-casing", ["literal", true], { "line-color": "#ffffff", "line-width": ["+", 2.4, width], "line-opacity": 0.75 }),
      line("routes-open", ["!", isClosed], { "line-color": "#51697a", "line-width": width }),
      line("routes-closed", isClosed, { "line-color": INK, "line-width": width, "line-dasharray": [3, 2.5] }),
      layer("routes-cross", "symbol", "routes", null, {
        metadata: { group: "routes" }, filter: isClosed,
        layout: { "symbol-placement": "line-center", "icon-image": "cross", "icon-allow-overlap": true },
      }),
    ];
  }

  function ours() {
    const radius = ["get", "radius_px"];
    const size = ["to-string", ["round", radius]];
    const text = ["format", ["get", "name"], { "text-font": ["literal", SEMIBOLD] },
      ["case", ["to-boolean", ["get", "label"]], ["concat", "\n", ["get", "label"]], ""], { "font-scale": 0.92 }];
    const halo = (source) => layer(`${source}-halo`, "circle", source, null, {
      metadata: { group: source }, filter: ["==", ["get", "id"], ""],
      paint: {
        "circle-radius": ["+", radius, 7], "circle-color": "#f0a202", "circle-opacity": 0.28,
        "circle-stroke-color": "#f0a202", "circle-stroke-width": 3,
      },
    });
    const signs = (source, image) => layer(source, "symbol", source, null, {
      metadata: { group: source },
      layout: { "icon-image": image, "icon-allow-overlap": true, "icon-padding": 0, "symbol-sort-key": ["-", 0, radius] },
    });
    const labels = (source, textSize) => layer(`${source}-names`, "symbol", source, null, {
      metadata: { group: source },
      layout: {
        "text-field": text, "text-font": REGULAR, "text-size": textSize, "text-justify": "auto",
        "text-radial-offset": ["/", ["+", radius, 7], textSize], "text-max-width": 11, "text-padding": 0,
        "symbol-sort-key": ["-", 0, radius],
        "text-variable-anchor": ["left", "right", "top", "bottom", "top-left", "bottom-left"],
      },
      paint: { "text-color": INK, "text-halo-color": "#ffffffe6", "text-halo-width": 1.6 },
    });
    const pointImage = ["concat", "point|", size, "|", ["get", "colour"], "|", ["coalesce", ["get", "status"], "unknown"],
      "|", ["case", ["to-boolean", ["get", "hatch"]], "hatch", ""]];
    // MapLibre places the last layer first: signs take their room, then the names of points, then those of sites.
    return [
      halo("sites"), halo("points"), labels("sites", 11), labels("points", 12.5),
      signs("sites", ["concat", "site|", size, "|", ["get", "colour"]]), signs("points", pointImage),
    ];
  }

  // Return the style. `places` are the feature collections, `tiles` the addresses of the vector sources, by layer.
  function style(places, tiles) {
    const sources = { basemap: { type: "vector", url: `pmtiles://${location.origin}/basemap.pmtiles` } };
    for (const [id, data] of Object.entries(places)) sources[id] = { type: "geojson", data };
    for (const [id, address] of Object.entries(tiles)) sources[id] = { type: "vector", tiles: [address], maxzoom: 10 };
    return {
      version: 8,
      "font-faces": { "Noto Sans": fontFaces(400), "Noto Sans SemiBold": fontFaces(600) },
      sources,
      layers: [...ground(), ...events().slice(0, -1), ...routes(), ...names(), ...events().slice(-1), ...ours()],
    };
  }

  window.waypostMapParts = { ...window.waypostMapParts, style, nameIn };
})();
