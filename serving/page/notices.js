// What stands before the number: refusal, guard, stale, missing, ignored, in this order. And why there is none.
import { date, h, list, notice, number, percent, short, span, toDay, unitOf, written, NB } from "./dom.js";

const DISEASE = { smm: "smoldering myeloma", mgus: "MGUS", mm: "active myeloma" };
const YEAR = 365;

const TREATED_BY = ["treatment_start", "transplant", "treatment_stop"]; // each says that somebody is, or was, treated
const BEGAN = { treatment_start: "Treatment began", transplant: "A transplant is recorded", treatment_stop: "Treatment was stopped" };
const day10 = (event) => event.occurred_at.slice(0, 10);
const treatmentOf = (events) =>
  events.filter((one) => TREATED_BY.includes(one.kind)).sort((one, other) => (day10(one) < day10(other) ? -1 : 1))[0];

// [title, text] for a refusal of this visit
export function refusalOf(refusal, read, day, tasks) {
  const { code, message } = refusal.errors[0],
    start = read.history.events.find((one) => one.kind === "treatment_start"),
    first = treatmentOf(read.history.events);
  const model = { smm: "untreated smoldering myeloma", mgus: "untreated MGUS", relapse: "treated myeloma" }[refusal.task] ?? "other people";
  const relapse = tasks.includes("relapse") ? "ask for the risk of relapse" : "see below: this server has no model of relapse";
  const since = first && day10(first) > day ? "after the last result" : "before the day asked for";
  const notBegun = start
    ? ["treatment has not gone on long enough", "This model speaks from 90 days after the start of the first line of therapy on."]
    : ["no treatment is recorded", "This model is for treated myeloma. Give the day on which treatment began (treatment_start)."];
  const said = {
    treated: [
      "this person is treated",
      `${first ? `${BEGAN[first.kind]} on ${date(first.occurred_at)}` : "Treatment began on an earlier day"}, ${since}. This model is for ${model}. See the course since the start of treatment, or ${relapse}.`,
    ],
    stage_unknown: ["stage not stated", `Say that this is ${model}, or give what shows it.`],
    other_stage: [
      "another stage of the disease",
      `This model is for ${model}. The history says ${DISEASE[read.history.patient.stage] ?? "otherwise"}.`,
    ],
    stage_contradicted: ["the results show smoldering myeloma", `${message[0].toUpperCase()}${message.slice(1)}.`],
    under_age: ["this person is under 18", "The models, the scores and the criteria are of adults."],
    dead: ["this person has died", "There is no risk left to estimate."],
    progressed: ["this person has progressed", "There is no risk left to estimate."],
    before_index: ["before the index date", `This visit is before the index date, ${date(read.history.patient.index_date.slice(0, 10))}.`],
    before_line: notBegun,
    unknown_task: [
      `this server has no model for it`,
      refusal.task === "relapse" ? "No risk of relapse: this server has no model for it." : `It has models for: ${tasks.join(", ")}.`,
    ],
  }[code] ?? ["the history cannot be used", `${message[0].toUpperCase()}${message.slice(1)}.`];
  return [`No risk: ${said[0]}`, said[1]];
}

const LIMITS = {
  light_chains: "Light chain ratio",
  marrow: "Marrow plasma cells",
  calcium: "Calcium",
  renal: "Kidney function",
  anemia: "Hemoglobin",
};
// A value with so many digits that it is seen on which side of its limit it lies; on it, where it does.
function apart(value, limit) {
  const shown = [4, 6, 9].map((digits) => number(value, digits));
  return shown.find((one) => !limit || Number(one) !== Number(limit[1])) ?? shown[0];
}
export function guardOf(answer, involved) {
  const met = answer.criteria.filter((one) => one.status === "met");
  const said = met.map((one) => {
    const unit = unitOf(one.unit),
      limit = /(?:>=|<=|>|<) ?([\d.]+)/.exec(one.label),
      chain = one.criterion === "light_chains" && involved ? `, involved chain ${number(involved)} mg/L` : "";
    const value = one.value === null ? "" : ` ${apart(one.value, limit)}${unit && NB + unit}`,
      on = one.collected_on ? ` on ${date(one.collected_on)}` : "";
    return `${LIMITS[one.criterion] ?? one.label}${value}${on}${limit ? ` (limit ${limit[1]}${chain})` : ""}${one.note && `; ${one.note}`}.`;
  });
  return ["No risk: a myeloma-defining criterion may be met", `${said.join(" ")} Please review.`];
}

function marrowOf(tests, months, risk) {
  // what a new one would do
  const test = tests?.tests.find((one) => one.biomarker === "bmpc"),
    then = test?.horizons.find((one) => one.horizon_months === months);
  if (!then || !risk) return "";
  return `A new one would put this risk between ${percent(whole(then.low))} and ${percent(whole(then.high))}${NB}%. In ${whole(then.above["20"])} of 100 people like this it would be above 20${NB}%.`;
}
export const whole = (p) => Math.floor(100 * p + 0.5 + 1e-9);

const PRELIMINARY = "preliminary: "; // of a Bundle, results that may still change
const SINCE = /^since this visit: (.*), on (\d{4}-\d{2}-\d{2}): /;

const EARLIER = /^a criterion for active myeloma was met on (\d{4}-\d{2}-\d{2}): (.*); (.*): clinician review$/;
// In the server's own words, which tell "not met now" from "not known".
const metOn = ([, day, what, now]) => `${date(day)}: ${what.replaceAll(" {ratio}", "")}; ${now}. Please review.`;

// All of section 2, for the visit looked at. `is` = {answer, refusal, read, risk, months, tests, tasks, earlier, day, whyNone}
export function noticesOf(is) {
  const { answer, refusal, risk, read } = is,
    found = [];
  if (refusal) found.push(notice("stop", ...refusalOf(refusal, read, is.day, is.tasks)));
  if (answer && !risk) found.push(notice("stop", ...guardOf(answer, is.involved)));
  for (const one of read.told.filter((one) => one.startsWith(PRELIMINARY)))
    found.push(notice("warn", "Preliminary results", `${one[PRELIMINARY.length].toUpperCase()}${one.slice(PRELIMINARY.length + 1)}.`));
  const earlier = answer?.warnings.map((one) => EARLIER.exec(one)).filter(Boolean) ?? [];
  if (earlier.length) found.push(notice("warn", "A criterion for active myeloma was met earlier", ...earlier.map(metOn)));
  if (answer) {
    const last = answer.as_of.last_result_on,
      age = last && toDay(answer.as_of.answered_on) - toDay(last);
    const since = answer.warnings.map((one) => SINCE.exec(one)).find(Boolean);
    if (since)
      found.push(notice("warn", `After this visit: ${since[1]}, on ${date(since[2])}`, "The risk is what it was before. It is not today's."));
    else if (!is.earlier && answer.as_of.is_past && last)
      found.push(
        notice("warn", `Last result ${span(age)} ago`, risk ? pastOf(risk, answer.as_of) : ""),
      );
    found.push(...gapsOf(is));
  }
  found.push(notice("", "Imaging is not considered", "MRI, CT and PET play no part in this number."));
  const told = read.told.filter((one) => !one.startsWith(PRELIMINARY));
  if (told.length) found.push(notice("", "Taken for granted, or not read", ...told));
  return found;
}
const pastOf = ({ shown }, { landmark, last_result_on: last }) =>
  shown.text.startsWith("was ")
    ? `The risk is what it was on ${date(last)}. It is not today's.`
    : `The risk is of ${date(landmark)}, and rests on results that old. A new one may change it.`;
const sentence = (text) => text && `${text[0].toUpperCase()}${text.slice(1)}.`;
function gapsOf({ answer, risk, months, tests, read, day }) {
  const named = (start) => answer.warnings.filter((one) => one.startsWith(start)).map((one) => one.slice(start.length));
  const lacking = named("missing: ").map((one) => /^(.*?)(?: \((no result .*)\))?$/.exec(one).slice(1)), // of what label, and since when
    missing = lacking.map(([label]) => label),
    where = lacking.map((one) => one[1]).find(Boolean),
    stale = named("stale: ").map((one) => /^(.*) is (\d+) days old$/.exec(one)?.slice(1) ?? [one, 0]);
  const strange = named("out of training range: "),
    found = [],
    marrow = /marrow/i;
  const known = [
    "missing: ",
    "stale: ",
    "out of training",
    "criteria for active",
    "the model was fitted",
    "nobody recorded whether",
    "the last result is",
    "no result of the model's",
    "since this visit: ",
  ];
  const others = answer.warnings.filter((one) => !known.some((start) => one.startsWith(start)) && !EARLIER.test(one));
  if (others.length) found.push(notice("warn", "Please check", ...others.map((one) => `${one[0].toUpperCase()}${one.slice(1)}.`)));
  const age = risk?.contributions.find((one) => one.biomarker === "bmpc")?.age_days ?? 0;
  const told = stale.find(([label]) => marrow.test(label)),
    old = told ?? (age > YEAR ? ["marrow", age] : null);
  if (old) {
    const last = read.results.filter((one) => one.biomarker === "bmpc" && one.available_at <= day).at(-1);
    found.push(
      notice(
        "warn",
        `Marrow is ${span(Number(old[1]))} old`,
        last && `${written(last, "%")}${NB}% on ${date(last.collected_at)}.`,
        marrowOf(tests, months, risk),
      ),
    );
  }
  if (missing.some((label) => marrow.test(label))) {
    found.push(notice("warn", "No marrow result", sentence(where), marrowOf(tests, months, risk) || "Unknown is never taken for normal."));
  }
  const aged = stale.filter((one) => one !== told);
  if (aged.length)
    found.push(
      notice(
        "warn",
        `Old: ${list(aged.map(([label, days]) => `${short(label)} (${span(Number(days))})`))}`,
        "A newer result could change this number.",
      ),
    );
  const gone = missing.filter((label) => !marrow.test(label)).map(short);
  if (gone.length)
    found.push(notice("warn", `Missing: ${list(gone)}`, sentence(where), "Unknown is never taken for normal: without it the risk is less sure."));
  if (strange.length)
    found.push(
      notice(
        "warn",
        "Unlike the people the model was made from",
        ...strange.map((one) => `${briefly(short(one.replaceAll(" {ratio}", "")))}.`),
      ),
    );
  if (risk && !found.length) {
    const ages = risk.contributions.map((one) => one.age_days).filter((age) => age !== null),
      oldest = Math.max(0, ...ages);
    found.push(
      notice(
        "",
        "Complete",
        `Nothing else is missing. ${oldest < 1 ? "All results are of that day." : `The oldest result used is ${span(oldest)} old.`}`,
      ),
    );
  }
  return found;
}

// A value and the range it lies outside of, in three digits, or in as many as show that it does.
export function briefly(text) {
  for (let digits = 3; digits < 9; digits++) {
    const said = text.replace(/\d+\.\d{3,}/g, (found) => String(Number(Number(found).toPrecision(digits))));
    const [value, ends] = said.split(", trained on ").map((part) => part.match(/\d+(\.\d+)?/g) ?? []);
    if (!ends?.includes(value.at(-1))) return said;
  }
  return text;
}

// What the model reads and that is missing or old, as section 2 tells it.
export function gapsIn(answer, risk) {
  const found = answer.warnings.map((one) => /^missing: (.*?)(?: \(no result .*\))?$|^stale: (.*) is \d+ days old$/.exec(one)).filter(Boolean),
    marrow = risk.contributions.find((one) => one.biomarker === "bmpc");
  return [...new Set([...found.map((one) => one[1] ?? one[2]), ...(marrow?.age_days > YEAR ? [marrow.label] : [])])];
}

// Who the history is of, for section 1 and for print.
export function personOf(read, answer, refusal) {
  const { patient, events } = read.history,
    stage = DISEASE[patient.stage],
    treated = Boolean(treatmentOf(events));
  const unknown = refusal?.errors[0].code === "stage_unknown";
  const disease = stage
    ? `${stage} (stated)`
    : unknown
      ? "not stated"
      : answer
        ? `${DISEASE[answer.task] ?? "not stated"} (shown by results)`
        : "not stated";
  const days = [...read.results.map((one) => one.collected_at)].sort(),
    measured = read.history.measurements.length;
  const years = days.length ? (toDay(days.at(-1)) - toDay(days[0])) / 365.25 : 0,
    chains = [patient.heavy_chain?.replace("light_chain", "light chain only"), patient.light_chain].filter(Boolean);
  return [
    [
      "Sex, age",
      `${patient.sex ?? "sex not stated"}, ${read.age === null ? "age not stated" : `${Math.floor(read.age)} years at the last visit`}`,
    ],
    ["Isotype", chains.join(" ") || "not stated"],
    ["Disease", `${disease}, ${treated ? "treated" : "no treatment recorded"}`],
    [
      "History",
      `${measured} value${measured === 1 ? "" : "s"}, ${read.visits.length} visit${read.visits.length === 1 ? "" : "s"}, ${years < 1 ? span(years * 365.25) : `${years.toFixed(1)} years`}`,
    ],
  ];
}

export function problemsOf(errors, rows) {
  // of what was pasted, each with its row
  const shown = errors.slice(0, 5),
    more = errors.length - shown.length;
  const title = (one) => (one.row ? `Row ${one.row}${one.column && `, column ${one.column}`}` : "Not read");
  return [
    shown.map((one) =>
      notice("stop", title(one), one.text || `${one.message}.`, one.row && rows[one.row - 1] && h("code", null, rows[one.row - 1])),
    ),
    more > 0 && h("p", { class: "note" }, `and ${more} more`),
  ];
}
