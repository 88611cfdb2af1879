// The map of a Dash page: MapLibre GL on an offline basemap. The page calls waypost.draw from a clientside callback.
// The map is made once; later calls change its data. Text of the data only ever becomes text nodes.
(() => {
  "use strict";
  const HOST_ID = "map", SELECTED_STORE_ID = "selected-place";
  const GEOJSON = ["routes", "sites", "points"], TILED = ["conflict", "hazard"], CHOOSABLE = ["points", "sites"];
  const FIT = { padding: 56, maxZoom: 9 };
  const NO_TILES = "/tiles/none/{z}/{x}/{y}.mvt"; // never asked for: its layer is hidden
  const NOTHING = { type: "FeatureCollection", features: [] };
  const ATTRIBUTION = "Natural Earth, GeoNames CC BY 4.0 · Boundaries shown do not imply official endorsement or "
    + "acceptance by the United Nations.";
  const ENGLISH = {
    map: "Map. Arrow keys move it, plus and minus zoom, N and P step through the places, Enter selects.",
    no_webgl: "This map needs WebGL; the table below has the same figures.",
    not_loaded: "The map could not be loaded; the table below has the same figures.",
  };
  const state = { parts: null, map: null, stage: null, making: null, popup: null, data: null, bounds: null, at: null, draws: 0 };

  const isCalm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  const absolute = (path) => new URL(path, location.origin).href.replaceAll("%7B", "{").replaceAll("%7D", "}");
  const hasWebgl = () => Boolean(document.createElement("canvas").getContext("webgl2"));

  function attach(tag, properties) {
    return new Promise((resolve, reject) => {
      const element = Object.assign(document.createElement(tag), properties);
      element.onload = resolve;
      element.onerror = () => reject(new Error(`not served: ${properties.src ?? properties.href}`));
      document.head.append(element);
    });
  }

  function say(host, text) {
    const note = document.createElement("p");
    note.className = "map-message";
    note.textContent = text;
    host.replaceChildren(note);
  }

  // Chromium fails a byte-range request now and then when its neighbour in the cache was just cancelled (seen about once
  // in three hundred tiles with rapid moves): ask once more before the tile stays empty.
  function basemapProtocol() {
    const source = new window.pmtiles.FetchSource(absolute("/basemap.pmtiles"));
    const ask = source.getBytes.bind(source);
    source.getBytes = async (offset, length, signal, etag) => {
      try {
        return await ask(offset, length, signal, etag);
      } catch (error) {
        if (signal?.aborted) throw error;
        return ask(offset, length, signal, etag);
      }
    };
    const protocol = new window.pmtiles.Protocol();
    protocol.add(new window.pmtiles.PMTiles(source));
    return protocol;
  }

  // What the map needs before it has any data: asked for while the page is still being put together.
  async function fetchParts() {
    const [maplibre] = await Promise.all([
      import("/vendor/maplibre-gl.mjs"),
      attach("script", { src: "/vendor/pmtiles.js" }),
      attach("link", { rel: "stylesheet", href: "/vendor/maplibre-gl.css" }),
    ]);
    maplibre.addProtocol("pmtiles", basemapProtocol().tile);
    maplibre.prewarm();
    return maplibre;
  }

  const parts = () => state.parts ??= fetchParts();

  async function make(host, data, options, words) {
    const maplibre = await parts();
    state.stage = Object.assign(document.createElement("div"), { className: "map-stage" });
    host.replaceChildren(state.stage);
    const map = new maplibre.Map({
      container: state.stage,
      style: styleOf(data, options),
      bounds: data.bounds, fitBoundsOptions: FIT,
      minZoom: 1, maxZoom: 12, maxPitch: 0, dragRotate: false, pitchWithRotate: false, touchPitch: false,
      cooperativeGestures: matchMedia("(pointer: coarse)").matches,
      fadeDuration: isCalm() ? 0 : 150, attributionControl: false, locale: { "Map.Title": words.map },
    });
    map.touchZoomRotate.disableRotation();
    map.keyboard.disableRotation();
    map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
    map.addControl(new maplibre.ScaleControl({ unit: "metric" }), "bottom-left");
    map.addControl(new maplibre.AttributionControl({ customAttribution: ATTRIBUTION }), "bottom-right");
    map.setMissingStyleImageResolver((id) => {
      const image = window.waypostMapParts.drawn(id);
      if (image) map.addImage(id, image, { pixelRatio: window.waypostMapParts.PIXEL_RATIO });
    });
    state.popup = new maplibre.Popup({ closeButton: false, closeOnClick: false, className: "map-popup", maxWidth: "260px" });
    Object.assign(state, { map, data, bounds: JSON.stringify(data.bounds) });
    window.waypostMap = map;
    listen(map);
    await new Promise((resolve) => map.once("load", resolve));
    return map;
  }

  // A new map begins with its data and its look: what came after its first picture would be drawn a second time.
  function styleOf(data, options) {
    const tiles = Object.fromEntries(TILED.map((id) => [id, tileAddress(data, id)]));
    const style = window.waypostMapParts.style(Object.fromEntries(GEOJSON.map((id) => [id, data[id] ?? NOTHING])), tiles);
    for (const layer of style.layers) layer.layout = { ...layer.layout, ...layout(layer, data, options) };
    return style;
  }

  // What the data and the choices say about how a layer is laid out.
  function layout({ metadata }, data, options) {
    const group = metadata?.group, said = {};
    if (group) {
      const visible = { ...data.layers, ...options.layers };
      const isShown = visible[group] !== false && (!TILED.includes(group) || Boolean(data.tiles?.[group]));
      said.visibility = isShown ? "visible" : "none";
    }
    if (metadata?.isName) said["text-field"] = window.waypostMapParts.nameIn(options.language ?? data.language ?? "en");
    return said;
  }

  function tileAddress(data, id) {
    return absolute(data.tiles?.[id] ?? NO_TILES);
  }

  function listen(map) {
    map.on("mousemove", ({ point }) => hover(featureAt(map, point)));
    map.on("mouseout", () => hover(null));
    map.on("click", ({ point }) => {
      const feature = featureAt(map, point);
      if (feature) choose(feature);
    });
    map.getCanvas().addEventListener("keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      const step = { n: 1, p: -1 }[event.key.toLowerCase()];
      if (step) stepTo(map, step);
      else if (event.key === "Enter" || event.key === " ") {
        const feature = state.at ?? nearestToCentre(map);
        if (feature) choose(feature);
      } else if (event.key === "Escape") hover(null);
      else return;
      event.preventDefault();
    });
  }

  function featureAt(map, { x, y }) {
    const layers = CHOOSABLE.flatMap((id) => [id, `${id}-names`]);
    return map.queryRenderedFeatures([[x - 4, y - 4], [x + 4, y + 4]], { layers })[0] ?? null;
  }

  function choose(feature) {
    window.dash_clientside.set_props(SELECTED_STORE_ID, { data: feature.properties.id });
  }

  function hover(feature) {
    state.at = feature;
    state.map.getCanvas().style.cursor = feature ? "pointer" : "";
    if (!feature) return void state.popup.remove();
    const { name, label, class_label: classLabel, status_label: statusLabel } = feature.properties;
    const content = document.createElement("div");
    content.dir = "auto";
    [name, label, classLabel, statusLabel].filter(Boolean).forEach((text, i) => {
      const line = document.createElement(i ? "span" : "strong");
      line.textContent = text;
      content.append(line);
    });
    state.popup.setLngLat(feature.geometry.coordinates).setDOMContent(content).addTo(state.map);
  }

  // Places in reading order of the map, west to east, so that stepping is predictable.
  function stops() {
    return CHOOSABLE.flatMap((id) => state.data?.[id]?.features ?? [])
      .sort((a, b) => a.geometry.coordinates[0] - b.geometry.coordinates[0]);
  }

  function stepTo(map, step) {
    const all = stops();
    if (!all.length) return;
    const now = all.findIndex((feature) => feature.properties.id === state.at?.properties.id);
    const next = all[now < 0 ? 0 : (now + step + all.length) % all.length];
    hover(next);
    if (!map.getBounds().contains(next.geometry.coordinates)) {
      map.easeTo({ center: next.geometry.coordinates, animate: !isCalm() });
    }
  }

  function nearestToCentre(map) {
    const { lng, lat } = map.getCenter();
    const far = ({ geometry: { coordinates: [x, y] } }) => (x - lng) ** 2 + (y - lat) ** 2;
    return stops().reduce((best, feature) => (best && far(best) <= far(feature) ? best : feature), null);
  }

  function show(map, data, options) {
    if (data !== state.data) for (const id of GEOJSON) map.getSource(id).setData(data[id] ?? NOTHING);
    for (const id of TILED) {
      const address = tileAddress(data, id);
      if (map.getSource(id).tiles[0] !== address) map.getSource(id).setTiles([address]);
    }
    for (const layer of map.getStyle().layers) {
      for (const [name, value] of Object.entries(layout(layer, data, options))) map.setLayoutProperty(layer.id, name, value);
    }
    for (const id of CHOOSABLE) map.setFilter(`${id}-halo`, ["==", ["get", "id"], options.selected ?? ""]);
    if (JSON.stringify(data.bounds) !== state.bounds) map.fitBounds(data.bounds, { ...FIT, animate: !isCalm() });
    state.bounds = JSON.stringify(data.bounds);
    state.data = data;
  }

  // `view` is the selected id (or null), or an object {selected, layers, language} that goes before the data's own.
  // Returns the number of draws, so that the callback can have an output.
  async function draw(data, view) {
    const host = document.getElementById(HOST_ID);
    if (!host || !data) return window.dash_clientside.no_update;
    const options = view && typeof view === "object" ? { selected: data.selected, ...view } : { selected: view ?? data.selected };
    const words = { ...ENGLISH, ...data.text };
    const turn = ++state.draws;
    if (!state.map && !hasWebgl()) {
      say(host, words.no_webgl);
      return turn;
    }
    try {
      state.making ??= make(host, data, options, words);
      await state.making;
    } catch (error) {
      state.making = state.parts = null;
      say(host, words.not_loaded);
      console.error(error);
      return turn;
    }
    if (turn !== state.draws) return window.dash_clientside.no_update;
    // Dash may have put a new element on the page: the map moves into it instead of being made again.
    const current = document.getElementById(HOST_ID) ?? host;
    if (state.stage.parentElement !== current) {
      current.replaceChildren(state.stage);
      state.map.resize();
    }
    show(state.map, data, options);
    state.map.once("idle", () => { current.dataset.ready = "true"; });
    state.map.triggerRepaint();
    return turn;
  }

  if (location.pathname === "/") parts().catch(() => {}); // asked for again, and said, when the map is made
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    waypost: { ...window.dash_clientside?.waypost, draw },
  });
})();
