// The box: one risk as a number, in words, as icons and as a curve. All four show what the server rounded.
import { between, date, h, NB, percent, s, short, span, told, within } from "./dom.js";
import { circle, figure, line, path, point, stripes, svg, text } from "./chart.js";

export const VERB = { relapse: "relapse" };
const verb = (event) => VERB[event] ?? "progress";
export const range = ({ low, high, percent: best }) =>
  low === null
    ? `about ${best}`
    : low === high
      ? `about ${low}`
      : low === 0
        ? `at most ${high}`
        : high === 100
          ? `at least ${low}`
          : `${low} to ${high}`;

export function numberOf(risk, asOf) {
  const { shown } = risk,
    past = shown.text.startsWith("was "),
    old = asOf.is_past && !past;
  return h(
    "p",
    { class: "number", ...told(risk) },
    past && h("span", null, "was"),
    h("b", null, `${percent(shown.percent)}${NB}%`),
    h("span", null, `within ${within(risk.horizon_months)}${past ? `, on ${date(asOf.landmark)}` : ""}${old ? `, of ${date(asOf.landmark)}, from old results` : ""}`),
    h("i", null, between(shown.low, shown.high)),
  );
}

export function wordsOf(risk, event) {
  const { shown } = risk;
  const die = typeof shown.die_first === "number" ? `, and about ${shown.die_first} die of something else first` : "";
  const not = shown.low === null ? "" : " The interval says how well the model is known. It does not say what will happen to one person.";
  return h(
    "p",
    { class: "words", ...told(risk) },
    `Of 100 people with a history like this, ${range(shown)} ${verb(event)} within ${within(risk.horizon_months)}${die}.${not}`,
  );
}

export function freeOf({ event_free: free }) {
  return free?.months == null ? null : h("p", { class: "words free" }, `${free.text[0].toUpperCase()}${free.text.slice(1)}.`);
}

export function iconsOf(risk, event, size, print) {
  const { shown } = risk,
    low = shown.low ?? shown.percent,
    high = shown.high ?? shown.percent,
    cell = size / 10;
  const [fill, pattern] = stripes();
  const legend = `Filled: ${low}. Striped: up to ${high}. Best estimate: ${shown.percent}.`;
  const label = `Of 100 people like this, ${range(shown)} ${verb(event)} within ${within(risk.horizon_months)}. ${legend}`;
  const icon = (k) =>
    s("circle", {
      cx: ((k % 10) + 0.5) * cell,
      cy: (Math.floor(k / 10) + 0.5) * cell,
      r: 0.38 * cell,
      class: k < low ? "filled" : k < high ? "striped" : "empty",
      fill: k >= low && k < high ? fill : null,
    });
  const caption = `${range(shown)} of 100 people like this ${verb(event)} within ${within(risk.horizon_months)}. ${legend}`;
  return h(
    "figure",
    { class: "people" },
    s(
      "svg",
      { width: size, height: size, viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": label, class: "icons", ...told(risk) },
      s("defs", null, pattern),
      Array.from({ length: 100 }, (_, k) => icon(k)),
    ),
    h("figcaption", { class: "note" }, print ? legend : caption[0].toUpperCase() + caption.slice(1)),
  );
}

export function curveOf(risks, chosen, event, print, height = 180) {
  const top = Math.max(...risks.map((risk) => risk.shown.high ?? risk.shown.percent)),
    ceiling = Math.min(100, Math.floor(top / 10) * 10 + 10);
  const last = risks.at(-1).horizon_months,
    step = ceiling > 50 ? 20 : ceiling > 20 ? 10 : 5,
    now = risks.find((risk) => risk.horizon_months === chosen);
  const draw = (width) => {
    const left = 46,
      right = width - 26,
      y = (value) => height - 26 - (value / ceiling) * (height - 50),
      narrow = width < 420,
      x = (months) => left + (months / last) * (right - left);
    const spots = risks.map((risk) => [x(risk.horizon_months), y(risk.shown.percent)]);
    const one = (risk, k) => {
      const [cx, cy] = spots[k],
        big = risk.horizon_months === chosen,
        { low, high } = risk.shown;
      const label = `${percent(risk.shown.percent)} % within ${within(risk.horizon_months)}${low === null ? "" : `, ${between(low, high)}`}`;
      return point(
        cx,
        cy,
        label,
        [
          low !== null && line(cx, y(low), cx, y(high), "whisker"),
          circle(cx, cy, big ? 7 : 4, "dot"),
          text(cx, Math.min(y(high ?? 0), cy - 4) - 6, `${percent(risk.shown.percent)} %`, `${big ? "big" : "strong"} halo middle`),
        ],
        { class: big ? "chosen" : null },
      );
    };
    return svg(
      width,
      height,
      `Risk within each time, ${risks.length} results`,
      Array.from({ length: Math.floor(ceiling / step) + 1 }, (_, k) => k * step).map((value) => [
        line(left, y(value), right, y(value), "grid"),
        text(left - 6, y(value) + 4, `${value} %`, "end"),
      ]),
      risks.map((risk) =>
        text(
          x(risk.horizon_months),
          height - 8,
          narrow && risk.horizon_months % 12 === 0 ? `${risk.horizon_months / 12} y` : within(risk.horizon_months),
          "middle",
        ),
      ),
      text(left, height - 8, "0", "middle"),
      path(`M${left} ${y(0)}${spots.map(([px, py]) => `L${px} ${py}`).join("")}`, "join gap"),
      risks.map(one),
    );
  };
  const years = risks.map((risk) => within(risk.horizon_months)),
    units = years.every((one) => one.endsWith("years") || one.endsWith("year"));
  const when = units
    ? `${risks
        .map((risk) => risk.horizon_months / 12)
        .join(", ")
        .replace(/, (\d+)$/, " and $1")} years`
    : years.join(", ");
  const made = figure({
    caption: [h("b", null, "Over time"), h("span", { class: "more" }, ` computed at ${when}`)],
    draw,
    print,
    label: "risk over time",
    head: ["Within", "Risk, %", "From", "To"],
    rows: () => risks.map(({ horizon_months, shown }) => [within(horizon_months), percent(shown.percent), ...[shown.low, shown.high].map((end) => (end === null ? "" : percent(end)))]),
  });
  made.classList.add("curve");
  Object.entries(told(now)).forEach(([name, value]) => value !== null && made.setAttribute(name, value));
  return made;
}

export function lineOf(answer, risk, earlier) {
  const ages = risk.contributions.filter((one) => one.age_days !== null),
    marrow = ages.find((one) => one.biomarker === "bmpc");
  const others = ages.filter((one) => one !== marrow).map((one) => one.age_days),
    oldest = Math.max(0, ...others);
  const from = !ages.length ? "" : oldest < 1 ? ", from results of that day" : `, from results up to ${span(oldest)} old`;
  const older = marrow && marrow.age_days >= 1 && marrow.age_days > oldest ? `, marrow ${span(marrow.age_days)} old` : "";
  const { model } = answer,
    simulated = risk.fitted_to === "simulated";
  const use = simulated ? "Research only: says nothing about real patients." : answer.basis.intended_use.at(-1);
  return [
    simulated && h("span", { class: "badge" }, "Simulated people"),
    risk.fitted_to === "unknown" && h("span", { class: "badge" }, "Unknown people"),
    ` As of ${earlier ? "an earlier visit, " : ""}${date(answer.landmark)}${from}${older}. Model ${model.model_name}, version ${model.model_version}. ${use}`,
  ];
}
export const nameOf = (one) => short(one.label);
