// Storage: what the disk holds, how it grows, when it is full, and how much was recorded on each day.

import { el, fill } from "/web/dom.js";
import { DAY, dayStart, length, shortDate } from "/web/time.js";
import { endOf } from "/web/lanes.js";
import { bytes } from "/web/work.js";
import { text } from "/web/strings.js";

const SVG = "http://www.w3.org/2000/svg";
const DAYS = 30;
const words = text.system;

/** {element, show(status), grow(capacity), days(sources)} */
export function storage() {
  const bar = el("div", { class: "shares", role: "img" });
  const legend = el("ul", { class: "legend-of row" });
  const growth = el("p", { class: "muted" });
  const plot = el("figure", { class: "plot" });
  const element = el("section", { id: "storage" }, el("h2", {}, words.storage), bar, legend, growth, plot);
  return {
    element,
    show: (status) => shares(bar, legend, status),
    grow: (capacity) => grow(growth, capacity),
    days: (sources) => draw(plot, [...sources]),
  };
}

function shares(bar, legend, { disk, stored, database }) {
  const parts = [["images", stored.image_bytes], ["originals", stored.original_bytes], ["database", database.size_bytes]];
  const own = parts.reduce((sum, [, size]) => sum + size, 0);
  parts.push(["other", Math.max(0, disk.total_bytes - disk.free_bytes - own)], ["free", disk.free_bytes]);
  const key = JSON.stringify(parts.map(([, size]) => bytes(size)));
  if (bar.dataset.key === key) return;
  bar.dataset.key = key;
  const named = parts.map(([name, size]) => `${bytes(size)} ${words[name]}`);
  bar.setAttribute("aria-label", named.join(", "));
  fill(bar, parts.map(([name, size]) => {
    const part = el("span", { class: `share ${name}` });
    part.style.flexGrow = size / disk.total_bytes;
    return part;
  }));
  fill(legend, parts.map(([name], i) => el("li", { class: name }, named[i])));
}

function grow(line, capacity) {
  const daily = capacity.bytes_per_day > 0 ? words.growth(bytes(capacity.bytes_per_day), length(capacity.hours_per_day * 3600e3)) : "";
  const full = capacity.full_at === null ? words.notFull
    : `${words.full(shortDate(Date.parse(capacity.full_at)), length(capacity.days_left * DAY))}.`;
  fill(line, [daily && `${daily}.`, full].filter(Boolean).join(" "));
}

/** Bars of the hours recorded on each day of the last month, in the viewer's zone. */
function draw(figure, sources) {
  const newest = Math.max(0, ...sources.map((source) => endOf(source) - 1));
  const last = dayStart(newest || Date.now()); // an old memory shows its last month, not an empty one
  const days = Array.from({ length: DAYS }, (_, i) => dayStart(last, i - DAYS + 1));
  const rows = days.map((from, i) => {
    const to = days[i + 1] ?? dayStart(last, 1);
    let [span, size] = [0, 0];
    for (const source of sources) {
      const [low, high] = [Math.max(from, source.start), Math.min(to, endOf(source))];
      if (low >= high) continue;
      span += high - low;
      size += (source.size * (high - low)) / Math.max(1, endOf(source) - source.start);
    }
    return { from, span, size };
  });
  const most = Math.max(1, ...rows.map((row) => row.span));
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${DAYS * 10} 60`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  const total = rows.reduce((sum, row) => sum + row.span, 0);
  svg.setAttribute("aria-label", `${words.perDay}: ${length(total)}`);
  rows.forEach((row, i) => {
    const bar = document.createElementNS(SVG, "rect");
    const high = row.span ? Math.max(2, (row.span / most) * 58) : 1;
    for (const [name, value] of Object.entries({ x: i * 10 + 1, y: 60 - high, width: 8, height: high })) bar.setAttribute(name, value);
    if (!row.span) bar.setAttribute("class", "none-then");
    const title = document.createElementNS(SVG, "title");
    title.textContent = words.day(shortDate(row.from), length(row.span), bytes(row.size));
    bar.append(title);
    svg.append(bar);
  });
  fill(figure, svg, el("figcaption", {}, el("span", {}, shortDate(days[0])), el("span", {}, words.perDay), el("span", {}, shortDate(last))));
}
