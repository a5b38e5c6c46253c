// The sheet: one A4 page of its own, always light. What-if results are not on it.
import { $, date, h, put } from "./dom.js";
import { curveOf, freeOf, iconsOf, lineOf, numberOf, wordsOf as boxWords } from "./box.js";
import { panelOf, riskOf } from "./trend.js";
import { scoresOf, waterfallOf, wordsOf } from "./why.js";
import { courseOf } from "./course.js";
import { peopleOf } from "./basis.js";

const NOTICES = 5,
  PANELS = 6,
  HIGH = 1028; // pixels of A4 between its margins

// `is` = what the page shows now; see main.js
export function sheetOf(is) {
  const { answer, risk, read } = is;
  if (!read) return put($("sheet"));
  const some = is.notices.slice(0, NOTICES),
    more = is.notices.length - some.length;
  const result = risk
    ? [
        h(
          "div",
          { class: "parts" },
          h("div", null, numberOf(risk, answer.as_of), boxWords(risk, is.event), freeOf(answer)),
          iconsOf(risk, is.event, 150, true),
          curveOf(answer.risks, is.months, is.event, 250, 160),
        ),
        h("p", { class: "note" }, lineOf(answer, risk, is.earlier)),
      ]
    : [h("p", null, is.stop[0]), h("p", null, is.stop[1], ` As of ${date(is.day)}.`)];
  const panels = () => is.panels.slice(0, PANELS).map(([about, results]) => panelOf(about, results, is.time, [], 220));
  put(
    $("sheet"),
    h("p", { class: "title" }, "Progression risk from a biomarker history"),
    h("p", { class: "note" }, "Research software. Not a medical device. Printed for: ________________________"),
    h("p", null, is.person.map(([name, value]) => `${name}: ${value}`).join(". ")),
    h("h3", null, "Before the number"),
    some.map((one) => one.cloneNode(true)),
    more > 0 && h("p", null, `and ${more} more`),
    h("h3", null, is.heading),
    h("div", { class: "box" }, result),
    is.course
      ? [h("h3", null, "Course since the start of treatment"), courseOf(is.course, read, 703)]
      : [
          h("h3", null, "How did it get here?"),
          risk && is.answers.length > 1 && riskOf(is.answers, is.months, is.time, 703),
          h("div", { class: "three" }, panels()),
        ],
    risk &&
      !is.course && [
        h("h3", null, "Why this number?"),
        h(
          "div",
          { class: "two" },
          waterfallOf(risk, answer.basis.start, 400),
          h("div", { class: "aside" }, wordsOf(risk, true), scoresOf(answer.scores, is.months, true)),
        ),
      ],
    answer &&
      h(
        "p",
        { class: "note" },
        `Made from ${peopleOf(answer.basis.data)}, for ${answer.basis.population}. ${answer.notice}`,
      ),
  );
  const words = $("sheet").querySelector(".aside"),
    spare = (css) => [...$("sheet").querySelectorAll(css)].at(-1);
  while (words && words.scrollHeight > words.previousSibling.scrollHeight && spare(".aside tbody tr, .aside li"))
    spare(".aside tbody tr, .aside li").remove();
  while ($("sheet").scrollHeight > HIGH && spare(".three figure")) spare(".three figure").remove();
}
export const panelsOf = (read, answer) => {
  const first = ["m_protein", "flc_ratio", "bmpc", "hemoglobin", "creatinine", "calcium", "flc_involved", "urine_m_protein"];
  const used = new Set(answer?.risks[0]?.contributions.map((one) => one.biomarker) ?? []),
    hidden = new Set(["kappa_lambda_ratio"]);
  const rank = (one) => (first.includes(one.biomarker) ? first.indexOf(one.biomarker) : 50) - (used.has(one.biomarker) ? 10 : 0);
  const of = (name) => read.results.filter((one) => one.biomarker === name);
  return read.biomarkers
    .filter((one) => !hidden.has(one.biomarker))
    .sort((a, b) => rank(a) - rank(b))
    .map((about) => [about, of(about.biomarker)]);
};
