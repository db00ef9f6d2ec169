// Two small pictures in SVG: bars of days, each in parts, and a line that runs until a limit is reached.

const SVG = "http://www.w3.org/2000/svg";
const HIGH = 96; // in the picture's own units, as high as it is in px

/**
 * Bars for rows of {title, parts: [sizes]}, the first part at the bottom.
 * @param {{ title: string, parts: number[] }[]} rows
 * @param {string} name
 */
export function bars(rows, name) {
  const most = Math.max(1, ...rows.map(({ parts }) => parts.reduce((sum, size) => sum + size, 0)));
  const picture = canvas(rows.length * 10, name);
  rows.forEach(({ title, parts }, i) => {
    const column = draw("g");
    let top = HIGH;
    parts.forEach((size, n) => {
      const high = size && Math.max(1, (size / most) * (HIGH - 2));
      top -= high;
      if (high) column.append(draw("rect", { class: `place-${n}`, x: i * 10 + 1, y: top, width: 8, height: high }));
    });
    if (top === HIGH) column.append(draw("rect", { class: "none-then", x: i * 10 + 1, y: HIGH - 1, width: 8, height: 1 }));
    column.append(draw("rect", { class: "whole", x: i * 10, y: 0, width: 10, height: HIGH }), titled(title));
    picture.append(column);
  });
  return picture;
}

/**
 * What was kept at `points` [{at, kept}], and how it goes on from `now` until `limit` is reached at `full`.
 * @param {{ at: number, kept: number }[]} points
 * @param {{ now: number, kept: number, full: number, limit: number }} course
 * @param {string} name
 */
export function runway(points, { now, kept, full, limit }, name) {
  const begin = points[0].at;
  const picture = canvas(1000, name);
  /** @param {number} at */
  const x = (at) => (((at - begin) / (full - begin)) * 1000).toFixed(1);
  /** @param {number} size */
  const y = (size) => (HIGH - (Math.min(size, limit) / limit) * (HIGH - 4)).toFixed(1);
  const line = [...points, { at: now, kept }].filter(({ at }) => at <= now).map(({ at, kept: size }) => `${x(at)},${y(size)}`);
  picture.append(
    draw("polygon", { class: "kept", points: `${x(begin)},${HIGH} ${line.join(" ")} ${x(now)},${HIGH}` }),
    draw("polygon", { class: "to-come", points: `${x(now)},${HIGH} ${x(now)},${y(kept)} 1000,${y(limit)} 1000,${HIGH}` }),
    draw("path", { class: "limit", d: `M0,${y(limit)} H1000` }), draw("path", { class: "pace", d: `M${x(now)},${y(kept)} L1000,${y(limit)}` }),
    draw("path", { class: "now", d: `M${x(now)},${HIGH} V${y(kept)}` }));
  return picture;
}

/**
 * @param {number} wide
 * @param {string} name
 */
function canvas(wide, name) {
  return draw("svg", { viewBox: `0 0 ${wide} ${HIGH}`, preserveAspectRatio: "none", role: "img", "aria-label": name });
}

/**
 * @param {string} name
 * @param {{ [name: string]: string | number }} [attributes]
 */
function draw(name, attributes = {}) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

/** @param {string} words */
function titled(words) {
  const title = draw("title");
  title.textContent = words;
  return title;
}
