// The sheet: one A4 page of its own, always light. What-if results are not on it.
import { $, date, h, put, short } from "./dom.js";
import { curveOf, iconsOf, lineOf, numberOf, wordsOf as boxWords } from "./box.js";
import { panelOf, riskOf } from "./trend.js";
import { scoresOf, waterfallOf, wordsOf } from "./why.js";
import { courseOf } from "./course.js";

const NOTICES = 5, PANELS = 6;

// `is` = what the page shows now; see main.js
export function sheetOf(is) {
  const { answer, risk, read } = is;
  if (!read) return put($("sheet"));
  const some = is.notices.slice(0, NOTICES), more = is.notices.length - some.length;
  const result = risk ? [h("div", { class: "parts" }, h("div", null, numberOf(risk, answer.as_of), boxWords(risk, is.event)), iconsOf(risk, is.event, 150), curveOf(answer.risks, is.months, is.event, 250, 190)),
    h("p", { class: "note" }, lineOf(answer, risk, is.earlier))] : [h("p", null, is.stop[0]), h("p", null, is.stop[1], ` As of ${date(is.day)}.`)];
  const panels = () => is.panels.slice(0, PANELS).map(([about, results]) => panelOf(about, results, is.time, [], 220));
  return put($("sheet"), h("h1", null, "Progression risk from a biomarker history"), h("p", { class: "note" }, "Research software. Not a medical device. Printed for: ________________________"),
    h("p", null, is.person.map(([name, value]) => `${name}: ${value}`).join(". ")), h("h2", null, "Before the number"), some.map((one) => one.cloneNode(true)), more > 0 && h("p", null, `and ${more} more`),
    h("h2", null, is.heading), h("div", { class: "box" }, result),
    is.course ? [h("h2", null, "Course since the start of treatment"), courseOf(is.course, read, 703)]
      : [h("h2", null, "How did it get here?"), risk && is.answers.length > 1 && riskOf(is.answers, is.months, is.time, 703), h("div", { class: "three" }, panels())],
    risk && !is.course && [h("h2", null, "Why this number?"), h("div", { class: "two" }, waterfallOf(risk, 400), h("div", null, wordsOf(risk, 4), scoresOf(answer.scores, is.months, true)))],
    answer && h("p", { class: "note" }, `Model made from ${answer.basis.data.patients ?? "an unknown number of"} ${answer.basis.data.people} people. Population: ${answer.basis.population}. Outcome: ${answer.basis.outcome}. `,
      `${answer.notice}`));
}
export const panelsOf = (read, answer) => {
  const first = ["m_protein", "flc_ratio", "bmpc", "hemoglobin", "creatinine", "calcium", "flc_involved", "urine_m_protein"];
  const used = new Set(answer?.risks[0]?.contributions.map((one) => one.biomarker) ?? []), hidden = new Set(["kappa_lambda_ratio"]);
  const rank = (one) => (first.includes(one.biomarker) ? first.indexOf(one.biomarker) : 50) - (used.has(one.biomarker) ? 10 : 0);
  const of = (name) => read.results.filter((one) => one.biomarker === name);
  return read.biomarkers.filter((one) => !hidden.has(one.biomarker)).sort((a, b) => rank(a) - rank(b)).map((about) => [about, of(about.biomarker)]);
};
