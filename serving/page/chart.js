// What all charts share: drawn at the width of their place, one tab stop with arrow keys, scales and their ticks.
import { folded, h, s, say, table } from "./dom.js";

const places = new WeakMap();
const sized = new ResizeObserver((entries) => entries.forEach(({ target, contentRect }) => redraw(target, contentRect.width)));
let patterns = 0;

function redraw(host, width) {
  const place = places.get(host);
  if (!place || width < 40 || Math.abs(width - place.width) < 1) return;
  place.width = width;
  const had = host.contains(document.activeElement);
  host.replaceChildren(place.draw(width));
  rove(host, place);
  if (had) points(host)[place.at]?.focus();
}
const points = (host) => [...host.querySelectorAll("[role=img][data-x]")];

// A figure whose drawing follows its width. Its table is filled when it is first opened: of a long history the tables would be most
// of the page. `print` draws once, at a width given, without a way in for keys.
export function figure({ caption, draw, rows, head, label, below, print }) {
  const host = h("div", { class: "plot" });
  const made = h("figure", null, caption && h("figcaption", null, caption), host, below);
  if (print) host.append(draw(print));
  else {
    places.set(host, { draw, width: 0, at: -1 });
    host.addEventListener("keydown", keyed);
    host.addEventListener("focusin", (event) => told(host, event.target));
    host.addEventListener("pointermove", pointed);
    sized.observe(host);
    if (rows) {
      const fold = folded(table(head, []), ["Table", h("span", { class: "unseen" }, ` of ${label}`)], label);
      fold.addEventListener("toggle", () => fold.querySelector("table").replaceWith(table(head, rows())), { once: true });
      made.append(fold);
    }
  }
  return made;
}
export function drawAt(...parts) {
  // At once, where a place has its width already. All widths are read first: after a change each reading lays the page out anew.
  const hosts = parts.flatMap((part) => [...part.querySelectorAll(".plot")]),
    widths = hosts.map((host) => host.clientWidth);
  hosts.forEach((host, k) => redraw(host, widths[k]));
}

function rove(host, place) {
  const all = points(host);
  if (place.at < 0 || place.at >= all.length) place.at = all.length - 1;
  all.forEach((one, k) => one.setAttribute("tabindex", k === place.at ? 0 : -1));
}
function move(host, at) {
  const place = places.get(host);
  place.at = at;
  rove(host, place);
  points(host)[place.at]?.focus();
}
function keyed(event) {
  const host = event.currentTarget,
    all = points(host),
    at = all.indexOf(event.target);
  const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: all.length - 1 }[event.key];
  if (to !== undefined) move(host, Math.max(0, Math.min(all.length - 1, to)));
  else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
    const others = [...host.closest("section").querySelectorAll(".plot")].filter((one) => points(one).length);
    const next = others[others.indexOf(host) + (event.key === "ArrowUp" ? -1 : 1)];
    if (next) move(next, places.get(next).at);
  } else return;
  event.preventDefault();
}
function told(host, target) {
  const line = host.closest("section")?.querySelector(".said"),
    all = points(host);
  if (all.includes(target)) places.get(host).at = all.indexOf(target);
  if (line && target.getAttribute("aria-label")) say(line, target.getAttribute("aria-label"));
}
function pointed(event) {
  const host = event.currentTarget,
    box = host.getBoundingClientRect();
  const far = (one) => Math.hypot(one.dataset.x - (event.clientX - box.left), one.dataset.y - (event.clientY - box.top));
  const nearest = points(host).reduce((best, one) => (!best || far(one) < far(best) ? one : best), null);
  const line = host.closest("section")?.querySelector(".said");
  if (nearest && line) say(line, nearest.getAttribute("aria-label"));
}

export const svg = (width, height, label, ...parts) =>
  s("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": label }, ...parts);
export const text = (x, y, words, kind = "") => s("text", { x, y, class: kind, "aria-hidden": "true" }, words);
export const line = (x1, y1, x2, y2, kind) => s("line", { x1, y1, x2, y2, class: kind });
export const upright = (x, top, bottom, label, kind) => point(x, top + 2, label, line(x, top, x, bottom, kind));
export const rect = (x, y, width, height, kind) => s("rect", { x, y, width: Math.max(width, 0), height, class: kind });
export const point = (x, y, label, shape, more) =>
  s(
    "g",
    { role: "img", tabindex: -1, "aria-label": label, "data-x": x, "data-y": y, ...more },
    shape,
    s("circle", { cx: x, cy: y, r: 10, class: "ring" }),
  );
export const circle = (cx, cy, r, kind) => s("circle", { cx, cy, r, class: kind });
export const path = (d, kind) => s("path", { d, class: kind });
export const diamond = (x, y, r, kind) => path(`M${x} ${y - r}L${x + r} ${y}L${x} ${y + r}L${x - r} ${y}Z`, kind);
export const triangle = (x, y, r, kind) => path(`M${x - r} ${y - r * 0.8}H${x + r}L${x} ${y + r}Z`, kind);
export function stripes(kind) {
  // 45 degrees, 3 of 6 pixels; each drawing has an id of its own
  const id = `stripes-${++patterns}`;
  return [
    `url(#${id})`,
    s(
      "pattern",
      { id, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      s("line", { x1: 1.5, y1: 0, x2: 1.5, y2: 6, class: `pattern ${kind ?? ""}` }),
    ),
  ];
}
const pen = document.createElement("canvas").getContext("2d");
export function wide(words, bold) {
  pen.font = `${bold ? 650 : 400} 12px system-ui, "Segoe UI", Roboto, "Liberation Sans", sans-serif`;
  return pen.measureText(words).width;
}
export function fitted(words, room, bold) {
  // cut where it is too long
  let some = words;
  while (some.length > 2 && wide(some === words ? some : `${some}…`, bold) > room) some = some.slice(0, -1);
  return some === words ? words : `${some.trim()}…`;
}

// Ticks that enclose a span: the finest round steps that leave at most `most`.
export function ticks(low, high, most = 4) {
  for (let power = Math.floor(Math.log10(high - low || 1)) - 1; ; power++) {
    for (const digit of [1, 2, 2.5, 5]) {
      const step = digit * 10 ** power,
        first = Math.floor(low / step + 1e-9),
        last = Math.ceil(high / step - 1e-9);
      if (last - first < most)
        return Array.from({ length: Math.max(last - first, 1) + 1 }, (_, k) => Number(((first + k) * step).toPrecision(12)));
    }
  }
}
export function logTicks(low, high, most = 4, inside = false) {
  const from = inside ? (one) => one >= low : (one, next) => next > low * 1.0001 || one >= low;
  const to = inside ? (one) => one <= high : (one, before) => before < high / 1.0001 || one <= high;
  let found = [];
  for (const digits of [[1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9], [1, 1.5, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]]) {
    const all = [];
    for (let power = Math.floor(Math.log10(low)) - 1; power <= Math.log10(high) + 1; power++) {
      digits.forEach((digit) => all.push(Number((digit * 10 ** power).toPrecision(3))));
    }
    found = all.filter((one, k) => from(one, all[k + 1] ?? Infinity) && to(one, all[k - 1] ?? 0));
    if (found.length <= most) return found;
  }
  return found.filter((_, k) => (found.length - 1 - k) % Math.ceil(found.length / most) === 0 || !k);
}
export function timeTicks(from, until, width) {
  // [day, words]: years where there is room for no more
  const start = new Date(from * 86400000),
    per = (until - from) / Math.max(width, 1);
  const step = [3, 6, 12, 24, 60, 120].find((months) => (months * 30.44) / per >= 46) ?? 240,
    found = [];
  const years = step < 12 ? 1 : step / 12;
  for (let year = Math.floor(start.getUTCFullYear() / years) * years, month = 0; ;) {
    const day = Date.UTC(year, month, 1) / 86400000;
    if (day > until) return found;
    if (day >= from)
      found.push([day, month ? `${["", "Apr", "Jul", "Oct"][month / 3]} ’${String(year % 100).padStart(2, "0")}` : String(year)]);
    month += step < 12 ? step : 0;
    if (step >= 12) year += years;
    else if (month >= 12) [year, month] = [year + 1, 0];
  }
}
