// Elements, and days and numbers as they are read. What somebody else wrote enters as text only.
const SVG = "http://www.w3.org/2000/svg",
  MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const DAY = 86400000,
  MONTH = 30.4375;
export const NB = "\u00a0";

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.flat(3).filter((one) => one !== null && one !== undefined && one !== false));
  return element;
}
export const h = (tag, attributes, ...children) => filled(document.createElement(tag), attributes, children);
export const s = (tag, attributes, ...children) => filled(document.createElementNS(SVG, tag), attributes, children);
export const $ = (id) => document.getElementById(id);
export function put(element, ...children) {
  element.replaceChildren(...children.flat(3).filter(Boolean));
  return element;
}
export function say(element, text) {
  // a live line is told only what is new
  if (element.textContent !== text) element.textContent = text;
}

export const toDay = (iso) => Math.round(Date.parse(iso) / DAY);
export const toIso = (day) => new Date(day * DAY).toISOString().slice(0, 10);
export function date(iso) {
  const [year, month, day] = iso.split("-").map(Number);
  return [day, MONTHS[month - 1], year].join(NB);
}
export const monthName = (k) => MONTHS[k];
export const datesIn = (text) => text.replace(/\d{4}-\d\d-\d\d/g, date);
export function span(days) {
  const months = Math.floor(days / MONTH + 0.1);
  const [n, what] = days < 45 ? [Math.round(days), "day"] : [months, "month"];
  return `${n}${NB}${what}${n === 1 ? "" : "s"}`;
}
export const within = (months) => (months % 12 ? `${months}${NB}months` : `${months / 12}${NB}year${months === 12 ? "" : "s"}`);
// Four digits as in the server's sentences, and all before the point: 11.04 is not 11, nor 12345 anything else.
export const number = (value, digits = 4) => String(Number(value.toPrecision(Math.max(digits, String(Math.trunc(Math.abs(value))).length))));
// As in the server's sentences, a quotient has no more than what it was divided from, nor has what was not measured.
export const digitsOf = (unit) => (unit && unit !== "{ratio}" ? 4 : 3);
export const written = (one, unit) => `${one.operator}${number(one.value, digitsOf(unit))}`; // a result as it was reported
export const signed = (value) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(2);
export const percent = (whole) => (whole === 0 ? `<${NB}1` : whole === 100 ? `>${NB}99` : String(whole));
export const unitOf = (unit) =>
  ({ "{ratio}": "", 1: "", "mg/(24.h)": "mg/24 h", "mL/min/{1.73_m2}": "mL/min/1.73 m²" })[unit] ?? unit ?? "";
export const short = (label) =>
  label
    .replace("Serum M-protein", "M-protein")
    .replace("Free light chain ratio, involved / uninvolved", "Light chain ratio")
    .replace("Bone marrow plasma cells", "Marrow plasma cells")
    .replace("Growth of the disease burden per year, logarithm", "Growth of the burden");
export const list = (words) => (words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`);
export const between = (low, high) => (low === null || high === null ? "" : `between ${percent(low)} and ${percent(high)}${NB}%`);
export const told = (risk) => ({ "data-percent": risk.shown.percent, "data-low": risk.shown.low, "data-high": risk.shown.high });
export function notice(kind, title, ...lines) {
  return h(
    "div",
    { class: `notice ${kind}` },
    h("b", null, title),
    ...lines.filter(Boolean).map((line) => (typeof line === "string" ? `${line} ` : line)),
  );
}
export function table(head, rows) {
  const body = rows.map((row) =>
    h(
      "tr",
      null,
      row.map((cell, k) => (k ? h("td", null, cell) : h("th", { scope: "row" }, cell))),
    ),
  );
  return h(
    "table",
    null,
    h(
      "thead",
      null,
      h(
        "tr",
        null,
        head.map((name) => h("th", { scope: "col" }, name)),
      ),
    ),
    h("tbody", null, body),
  );
}
// A table that is opened when it is wanted; it can be scrolled by keys.
export const folded = (made, summary, label = summary) =>
  h("details", null, h("summary", null, summary), h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label }, made));
