// What the next visit would change: results of a later day, and what a test would tell. Nothing of it is kept or printed.
import { between, date, h, list, NB, percent, put, short, table, toDay, toIso, unitOf, within } from "./dom.js";
import { gapsIn, whole } from "./notices.js";

const MOST = 4,
  NOT_SUPPOSED = ["mrd"]; // as POST /v1/what-if refuses it

// `is` = {read, answer, ask(visit) -> {now, then} or {error}, changed(added)}
export function whatIfOf(is) {
  const last = is.read.results.reduce((day, one) => (one.available_at > day ? one.available_at : day), is.read.visits.at(-1));
  const own = new Set(is.read.results.filter((one) => !one.computed).map((one) => one.biomarker)),
    choices = is.read.biomarkers.filter((one) => own.has(one.biomarker) && !NOT_SUPPOSED.includes(one.biomarker));
  const rows = h("div"),
    out = h("output", { role: "status" }),
    alert = h("div", { role: "alert" });
  const when = h("input", { type: "date", id: "if-day", value: toIso(toDay(last) + 91), required: true });
  const more = h("button", { type: "button", onclick: () => add(rows.children.length) }, "Add a result"),
    gone = h("button", { type: "button", hidden: true, onclick: remove }, "Remove");
  function add(k) {
    if (k >= MOST) return;
    const which = h(
      "select",
      { "aria-label": `Biomarker ${k + 1}` },
      choices.map((one) => h("option", { value: one.biomarker, selected: one === choices[k] }, short(one.label))),
    );
    const value = h("input", { type: "text", inputmode: "decimal", "aria-label": `Value ${k + 1}`, placeholder: "value" });
    const unit = h("span", { class: "note" });
    const named = () => {
      unit.textContent = unitOf(choices.find((one) => one.biomarker === which.value)?.unit);
    };
    which.addEventListener("change", named);
    named();
    rows.append(h("fieldset", { "aria-label": `Result ${k + 1}` }, which, value, unit));
    more.disabled = rows.children.length >= Math.min(MOST, choices.length);
  }
  async function show(event) {
    event.preventDefault();
    put(alert);
    const measurements = [...rows.children]
      .map((row) => {
        const biomarker = row.querySelector("select").value;
        return { biomarker, value: row.querySelector("input").value.trim(), unit: choices.find((one) => one.biomarker === biomarker).unit };
      })
      .filter((one) => one.value);
    const problem = !when.value
      ? "Give a day."
      : when.value <= last
        ? `An earlier day is not read: give a day after ${date(last)}.`
        : !measurements.length
          ? "Give a value."
          : "";
    if (problem) return refuse(problem);
    const told = await is.ask({ collected_at: when.value, measurements });
    if (told.error) return refuse(told.error);
    const [then, now] = [told.then, told.now].map((answer) => answer.risks.find((risk) => risk.horizon_months === is.months()));
    out.textContent = then
      ? `Then, on ${date(when.value)}: ${percent(then.shown.percent)}${NB}% within ${within(then.horizon_months)}${then.shown.low === null ? "" : ` (${between(then.shown.low, then.shown.high)})`}.` +
        (now ? ` Now: ${percent(now.shown.percent)}${NB}%.` : "")
      : "Then no risk would be shown: a myeloma-defining criterion may be met.";
    gone.hidden = false;
    const number = (value) => Number(value.replace(/^[<>≤≥]=?\s*/, ""));
    is.changed(
      measurements.map((one) => ({
        ...one,
        value: number(one.value),
        operator: /^[<>]/.exec(one.value.replace("≤", "<").replace("≥", ">"))?.[0] ?? "",
        collected_at: when.value,
        available_at: when.value,
      })),
    );
  }
  function refuse(words) {
    out.textContent = "";
    is.changed([]);
    gone.hidden = true;
    put(alert, h("div", { class: "notice stop" }, words));
  }
  function remove() {
    out.textContent = "";
    gone.hidden = true;
    put(rows);
    add(0);
    put(alert);
    is.changed([]);
    when.focus();
  }
  add(0);
  return h(
    "form",
    { onsubmit: show, autocomplete: "off" },
    h("h3", null, "Add a visit"),
    h(
      "p",
      { class: "note" },
      "Add results of a later day. This shows how the model reacts. It does not say what a treatment would do. Not printed, not sent on.",
    ),
    h("p", null, h("label", { for: "if-day" }, "Day "), when),
    rows,
    h("p", { class: "row" }, more, h("button", { class: "first", type: "submit" }, "Show"), gone),
    out,
    alert,
  );
}

export function testsOf({ tests, months, answer, risk }) {
  if (!tests) return [];
  const told = tests.tests.map((one) => one.label),
    rest = gapsIn(answer, risk).filter((label) => !told.includes(label));
  const rows = tests.tests.map((one) => {
    const then = one.horizons.find((each) => each.horizon_months === months);
    return [
      `${short(one.label)} (${one.state === "stale" ? "old" : "missing"})`,
      then ? `${percent(whole(then.low))} to ${percent(whole(then.high))}${NB}%` : "not known",
      then ? `${whole(then.above["20"])} of 100` : "",
    ];
  });
  return [
    h("h3", null, "What would a test tell?"),
    rows.length
      ? table(["Test", "Risk would become", `Above 20${NB}%`], rows)
      : !rest.length && h("p", { class: "note" }, "No test that the model reads is missing or old."),
    rest.length > 0 &&
      h("p", { class: "note" }, `${rows.length ? "Missing or old too" : "Missing or old"}: ${list(rest.map(short))}. What a result would do to the risk is not known for people like this.`),
    rows.length > 0 && h("p", { class: "note" }, tests.meaning),
  ];
}
