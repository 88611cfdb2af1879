// Signs of the map, drawn on a canvas when the map first asks for one. Every meaning has a shape as well as a colour:
// a dark bar is closed, a hollow bar restricted, a question mark unknown, hatching no forecast, and hazards differ by
// outline (circle, triangle, diamond) and letter.
(() => {
  "use strict";
  const INK = "#22333f";
  const PAPER = "#ffffff";
  const PIXEL_RATIO = 2;
  const HAZARD_COLOUR = { green: "#3c8a50", orange: "#d9741a", red: "#b3262e" };
  const HAZARD_LETTER = {
    earthquake: "E", tropical_cyclone: "C", flood: "F", volcano: "V", drought: "D", wildfire: "W", tsunami: "T",
  };

  // Return ImageData of `size` CSS pixels; `paint` works in CSS pixels around the centre (0, 0).
  function image(size, paint) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = Math.ceil(size * PIXEL_RATIO);
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    pen.scale(PIXEL_RATIO, PIXEL_RATIO);
    pen.translate(size / 2, size / 2);
    paint(pen);
    return pen.getImageData(0, 0, canvas.width, canvas.height);
  }

  function trace(pen, corners) {
    pen.beginPath();
    corners.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.closePath();
  }

  // Stroke the current path white, then thinly dark, so that a sign stands off any ground.
  function outline(pen, paperWidth, inkWidth) {
    pen.lineJoin = "round";
    pen.strokeStyle = PAPER;
    pen.lineWidth = paperWidth;
    pen.stroke();
    pen.strokeStyle = INK;
    pen.lineWidth = inkWidth;
    pen.stroke();
  }

  function letter(pen, text, px, y = 0) {
    pen.font = `600 ${px}px "Noto Sans", sans-serif`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(text, 0, y);
  }

  function hatch(pen, radius, colour) {
    pen.save();
    pen.clip();
    pen.strokeStyle = colour;
    pen.lineWidth = 1.6;
    for (let at = -2 * radius; at <= 2 * radius; at += 4.5) {
      pen.beginPath();
      pen.moveTo(at - radius, radius);
      pen.lineTo(at + radius, -radius);
      pen.stroke();
    }
    pen.restore();
  }

  function bar(pen, radius, isSolid) {
    const half = radius * 0.95 + 3;
    const thickness = Math.max(4, radius * 0.36);
    pen.beginPath();
    pen.roundRect(-half, -thickness / 2, 2 * half, thickness, thickness / 3);
    pen.fillStyle = isSolid ? INK : PAPER;
    outline(pen, isSolid ? 3 : 4.5, isSolid ? 0 : 2);
    pen.fill();
    if (isSolid) return;
    pen.lineWidth = 1.5;
    pen.stroke();
  }

  function point(radius, colour, status, isHatched) {
    return image(2 * radius + 12, (pen) => {
      pen.beginPath();
      pen.arc(0, 0, radius, 0, 2 * Math.PI);
      pen.fillStyle = isHatched ? PAPER : colour;
      pen.fill();
      if (isHatched) hatch(pen, radius, colour);
      pen.beginPath();
      pen.arc(0, 0, radius, 0, 2 * Math.PI);
      outline(pen, 3.5, 1.2);
      if (status === "closed" || status === "restricted") bar(pen, radius, status === "closed");
      if (status === "unknown") {
        pen.lineWidth = 3;
        pen.strokeStyle = PAPER;
        pen.fillStyle = INK;
        const px = Math.max(9, radius * 1.1);
        pen.font = `600 ${px}px "Noto Sans", sans-serif`;
        pen.textAlign = "center";
        pen.textBaseline = "middle";
        pen.strokeText("?", 0, 0.5);
        letter(pen, "?", px, 0.5);
      }
    });
  }

  function site(radius, colour) {
    const side = 1.7 * radius;
    return image(side + 10, (pen) => {
      pen.beginPath();
      pen.rect(-side / 2, -side / 2, side, side);
      pen.fillStyle = colour;
      pen.fill();
      outline(pen, 3.2, 1.2);
    });
  }

  function hazard(level, kind) {
    const outlines = {
      green: null,
      orange: [[0, -11], [11.5, 8.5], [-11.5, 8.5]],
      red: [[0, -12.5], [12.5, 0], [0, 12.5], [-12.5, 0]],
    };
    return image(30, (pen) => {
      if (outlines[level]) trace(pen, outlines[level]);
      else {
        pen.beginPath();
        pen.arc(0, 0, 8.5, 0, 2 * Math.PI);
      }
      pen.fillStyle = HAZARD_COLOUR[level] ?? INK;
      outline(pen, 3.5, 1);
      pen.fill();
      pen.fillStyle = PAPER;
      letter(pen, HAZARD_LETTER[kind] ?? "!", 10.5, level === "orange" ? 2.5 : 0.5);
    });
  }

  function cross() {
    return image(18, (pen) => {
      pen.lineCap = "round";
      for (const [colour, width] of [[PAPER, 5.5], [INK, 2.6]]) {
        pen.strokeStyle = colour;
        pen.lineWidth = width;
        pen.beginPath();
        pen.moveTo(-4.5, -4.5);
        pen.lineTo(4.5, 4.5);
        pen.moveTo(4.5, -4.5);
        pen.lineTo(-4.5, 4.5);
        pen.stroke();
      }
    });
  }

  // The small ring that marks a town of the basemap; capitals are filled and larger.
  function town(rank) {
    const radius = rank === "1" ? 3.6 : rank === "2" ? 2.6 : 2;
    return image(10, (pen) => {
      pen.beginPath();
      pen.arc(0, 0, radius, 0, 2 * Math.PI);
      pen.fillStyle = rank === "1" ? "#4d565d" : PAPER;
      pen.fill();
      pen.strokeStyle = "#4d565d";
      pen.lineWidth = 1.1;
      pen.stroke();
    });
  }

  // Return the image an id names, for example "point|14|#a8323a|closed|" or "hazard|red|flood"; null when unknown.
  function drawn(id) {
    const [sign, ...details] = id.split("|");
    const [first, second, third, fourth] = details;
    switch (sign) {
      case "point": return point(Number(first), second, third, fourth === "hatch");
      case "site": return site(Number(first), second);
      case "hazard": return hazard(first, second);
      case "cross": return cross();
      case "town": return town(first);
      default: return null;
    }
  }

  window.waypostMapParts = { ...window.waypostMapParts, drawn, PIXEL_RATIO };
})();
