// Why this number: a waterfall in log-odds that adds up, the main reasons in words, published scores.
import { date, datesIn, digitsOf, folded, h, list, number, percent, put, short, signed, span, table, unitOf, within, NB } from "./dom.js";
import { figure, line, path, point, rect, svg, text, wide, fitted } from "./chart.js";

const RISKS = [0.5, 1, 2, 5, 10, 15, 20, 30, 50, 70, 85, 95, 98, 99],
  MOST = 7;
const logit = (p) => Math.log(p / (1 - p)),
  expit = (x) => 1 / (1 + Math.exp(-x));
const BINARY = ["female", "fish_high_risk", "heavy_chain_iga", "mrd_negative", "mrd_lost", "on_therapy", "anti_cd38"];

export function valueOf(one) {
  if (one.value === null) return "not known";
  if (BINARY.includes(one.biomarker)) return one.value === 1 ? "yes" : "no";
  if (one.biomarker === "age") return `${Math.floor(one.value)} years`;
  if (one.biomarker === "burden_growth") return `${one.value < 0 ? "−" : "+"}${Math.abs(100 * Math.expm1(one.value)).toFixed(0)}${NB}% a year`;
  const unit = unitOf(one.unit),
    change = one.change ? `${one.change > 0 ? "+" : "−"}${number(Math.abs(one.change), 3)}` : "";
  return [`${number(one.value, digitsOf(one.unit))}${unit && NB + unit}`, change, one.age_days >= 1 && `${span(one.age_days)} old`].filter(Boolean).join(", ");
}

export function waterfallOf(risk, origin, print) {
  const parts = [...risk.contributions].sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution)),
    some = parts.slice(0, MOST),
    rest = parts.slice(MOST);
  const bars = some.map((one) => ({ name: short(one.label), detail: valueOf(one), by: one.contribution }));
  if (rest.length)
    bars.push({
      name: `${rest.length} other${rest.length > 1 ? "s" : ""}`,
      detail: "",
      by: rest.reduce((sum, one) => sum + one.contribution, 0),
    });
  const start = Math.floor(100 * expit(risk.base) + 0.5),
    ends = [risk.base];
  bars.forEach((bar) => ends.push(ends.at(-1) + bar.by));
  const draw = (width) => {
    const phone = width < 520 && !print,
      row = print ? 20 : phone ? 50 : 38,
      thick = print ? 13 : 20,
      left = phone ? 4 : print ? 168 : Math.min(280, width * 0.4),
      right = width - 46;
    let [low, high] = [Math.min(...ends), Math.max(...ends)];
    const pad = Math.max(0.25, (high - low) * 0.06);
    [low, high] = [low - pad, high + pad];
    const x = (value) => left + 4 + ((value - low) / (high - low)) * (right - left - 8),
      rows = bars.length + 2,
      height = rows * row + 26,
      out = [];
    let free = -Infinity;
    for (const mark of RISKS.filter((one) => logit(one / 100) > low && logit(one / 100) < high)) {
      const at = x(logit(mark / 100));
      if (at < free) continue;
      out.push(line(at, 0, at, height - 20, "grid"), text(at, height - 6, `${mark} %`, "middle"));
      free = at + 36;
    }
    const label = (k, name, detail) => {
      const y = k * row;
      if (phone) {
        const brief = fitted(name, width * (detail ? 0.62 : 1), true),
          room = width - wide(brief, true) - 8;
        return [text(0, y + 14, brief, "bold"), detail && text(wide(brief, true) + 8, y + 14, fitted(detail, room))];
      }
      const one = print || !detail;
      return [text(0, y + (one ? row / 2 + 4 : 15), fitted(name, left - 8, true), "bold"), detail && !print && text(0, y + 30, detail)];
    };
    const top = (k) => k * row + (phone ? 22 : (row - thick) / 2);
    const total = (k, value, words, whole) => {
      const at = x(value),
        y = top(k),
        said = `${percent(whole)} %`;
      return [
        label(k, words, ""),
        point(at, y + thick / 2, `${words} ${said}`, [
          rect(at - 2, y, 4, thick, "bar-total"),
          text(at + 8, y + thick / 2 + 4, said, "bold halo"),
        ]),
      ];
    };
    out.push(...total(0, risk.base, "Start", start));
    bars.forEach((bar, k) => {
      const [from, to] = [x(ends[k]), x(ends[k + 1])],
        y = top(k + 1),
        way = bar.by < 0 ? -1 : 1,
        tip = Math.min(7, Math.abs(to - from));
      const shape = path(
        `M${from} ${y}H${to - way * tip}L${to} ${y + thick / 2}L${to - way * tip} ${y + thick}H${from}Z`,
        bar.by < 0 ? "bar-down" : "bar-up",
      );
      const verb = bar.by < 0 ? "lowers" : "raises",
        side = to + way * 6,
        flip = way < 0 ? side - 34 < left : side + 34 > width;
      out.push(
        line(to, y + thick, to, top(k + 2), "axis"),
        label(k + 1, bar.name, bar.detail),
        point(
          to,
          y + thick / 2,
          `${bar.name} ${verb}, ${signed(bar.by)} log-odds${bar.detail && `, ${bar.detail}`}`,
          [
            shape,
            text(
              flip ? (way < 0 ? from + 6 : from - 6) : side,
              y + thick / 2 + 4,
              signed(bar.by),
              `strong halo ${way < 0 === flip ? "" : "end"}`,
            ),
          ],
          { "data-log-odds": bar.by },
        ),
      );
    });
    out.push(...total(bars.length + 1, ends.at(-1), "This person", risk.shown.percent));
    const made = svg(width, height, `What the risk within ${within(risk.horizon_months)} is made of, ${bars.length} parts`, out);
    made.dataset.base = risk.base;
    return made;
  };
  const note = `Start: ${origin}. It is not the average of their risks. Each bar is one biomarker with its history. The scale is stretched so that bars add up.`;
  return figure({
    draw,
    print,
    label: "contributions",
    below: !print && h("p", { class: "note" }, note),
    head: ["Part", "Log-odds", "Measured"],
    rows: () => [
      ["Start", signed(risk.base), ""],
      ...bars.map((bar) => [bar.name, signed(bar.by), bar.detail]),
      ["This person", signed(ends.at(-1)), ""],
    ],
  });
}

export function wordsOf(risk, print) {
  const sentences = (print ? risk.contributions.slice(0, 4).map(said) : risk.sentences).slice(0, 5),
    found = [];
  for (const [way, title, kind] of [
    ["raises", "▲ Raises", "up"],
    ["lowers", "▼ Lowers", "down"],
  ]) {
    const some = sentences.filter((one) => one.direction === way);
    if (some.length)
      found.push(
        h("b", { class: kind }, title),
        h(
          "ul",
          null,
          some.map((one) => h("li", null, datesIn(one.text))),
        ),
      );
  }
  return found;
}
function said(one) {
  // in short, for print
  const noise = one.exceeds_noise === null ? "" : one.exceeds_noise ? ", more than noise" : ", within noise";
  const change = one.change ? `, ${one.change > 0 ? "+" : "−"}${number(Math.abs(one.change), 3)} since the result before${noise}` : "";
  const value =
    one.value === null
      ? "not known"
      : `${valueOf({ ...one, change: null, age_days: 0 })}${one.collected_on ? ` on ${date(one.collected_on)}` : ""}`;
  return { direction: one.contribution < 0 ? "lowers" : "raises", text: `${short(one.label)}: ${value}${change}.` };
}

// What the scores ask for, where the name alone does not say it.
const INPUTS = {
  bmpc: "marrow plasma cells",
  flc_ratio: "light chain ratio",
  kappa_lambda_ratio: "kappa / lambda ratio",
  fish_high_risk: "high-risk FISH",
  ravi_m_protein: "change of M-protein in the first year",
  ravi_hemoglobin: "change of hemoglobin in the first year",
  hgb_traj: "course of hemoglobin",
  mspike_traj: "course of M-protein",
  iuratio_traj: "course of light chain ratio",
  creatinine_traj: "course of creatinine",
  ldh_high: "LDH",
  b2m: "beta-2 microglobulin",
  igh_high_risk: "IGH translocations",
  r_iss_high_risk: "FISH: del(17p), t(4;14), t(14;16)",
  non_igg: "heavy chain",
  lambda_chain: "light chain type",
  del17p: "del(17p)",
  del17p_percent: "share of cells with del(17p)",
  del_1p32_copies: "del(1p32)",
  gain_1q: "gain(1q)",
  t_4_14: "t(4;14)",
  t_14_16: "t(14;16)",
  tp53_mutation: "TP53 mutation",
  driver_apobec: "APOBEC mutations",
  driver_cnv: "copy number changes",
  driver_myc: "MYC changes",
  driver_ras: "RAS pathway mutations",
};
const plain = (name) => INPUTS[name] ?? name.replaceAll("_", " ");
export function scoresOf(scores, months, print) {
  const row = (one) => {
    const risk = one.risks[`${months}m`],
      open = one.category === null;
    const result = one.reason ? "not computable" : open ? one.possible.join(" or ") : one.category;
    return [
      [one.name, !print && one.cautions.map((text) => h("div", { class: "note" }, text))],
      [result, risk !== undefined && !open && `, ${percent(Math.floor(100 * risk + 0.5))} % within ${within(months)}`],
      list(one.missing.map(plain)),
    ];
  };
  const all = Object.values(scores),
    told = all.filter((one) => !one.reason),
    not = all.filter((one) => one.reason);
  if (!all.length) return [h("p", { class: "note" }, "None applies.")];
  const head = ["Score", "Result", "Missing"],
    shown = told.filter((one) => !print || one.category).slice(0, print ? 4 : MOST),
    rest = [...told.slice(MOST), ...not];
  return [table(head, shown.map(row)), !print && rest.length > 0 && folded(table(head, rest.map(row)), `${rest.length} more scores`)];
}
export function showWhy(answer, risk, months) {
  put(document.getElementById("words"), wordsOf(risk));
  put(document.getElementById("scores"), scoresOf(answer.scores, months));
  put(document.getElementById("waterfall"), waterfallOf(risk, answer.basis.start));
}
