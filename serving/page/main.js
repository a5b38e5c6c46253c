// The page: what was read, what was answered, and which of it is shown. All of it lives in memory, and is gone with the page.
import { $, date, h, NB, notice, number, put, say, short, table, toDay, toIso, within } from "./dom.js";
import { drawAt } from "./chart.js";
import { curveOf, iconsOf, lineOf, numberOf, VERB, wordsOf } from "./box.js";
import { panelOf, riskOf } from "./trend.js";
import { showWhy } from "./why.js";
import { guardOf, noticesOf, personOf, refusalOf } from "./notices.js";
import { testsOf, whatIfOf } from "./next.js";
import { courseOf } from "./course.js";
import { panelsOf, sheetOf } from "./print.js";

const MOST = { histories: 100, measurements: 20000, events: 2000 }, SIX = 6;
const VERBS = { progression: "progression to active myeloma" };
let models = [], seq = 0, months = 24, version = {};
let now = blank();
function blank() {
  return { read: null, task: "", answers: [], at: -1, course: null, tests: null, added: [], pending: 0 };
}

async function call(path, body) {
  let reply;
  try {
    reply = await fetch(path, body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  } catch {
    return { lost: "The server did not answer. Press Score again." };
  }
  if (reply.status === 503) return { lost: `Busy. Try again in ${reply.headers.get("Retry-After") ?? 2} seconds.` };
  const content = await reply.json().catch(() => null);
  return reply.ok && content ? { content } : { status: reply.status, errors: content?.errors ?? [{ message: "The server could not answer." }] };
}

// Reading and asking
async function score(text) {
  const mine = ++seq;
  now = blank();
  show();
  put($("alert"));
  $("text").removeAttribute("aria-invalid");
  if (!text.trim()) return show();
  const waiting = setTimeout(() => mine === seq && say($("busy"), "Scoring ..."), 300);
  put($("stop"));
  const read = await call("/v1/read", { text });
  if (mine !== seq) return;
  if (!read.content) {
    clearTimeout(waiting);
    show();
    return read.lost ? alerted(read.lost) : refused(read.errors, text);
  }
  now.read = read.content;
  now.read.history.events ??= [];
  await ask(mine, taskOf(read.content.history));
  clearTimeout(waiting);
  if (mine === seq) say($("busy"), "");
}
function taskOf(history) {
  const wanted = history.task ?? { mgus: "mgus", mm: "relapse" }[history.patient.stage] ?? "smm";
  return wanted;
}
async function ask(mine, task) {
  Object.assign(now, { task, answers: [], course: null, tests: null, added: [] });
  const { history, visits } = now.read, landmarks = [...visits], all = [];
  if (history.events.some((one) => one.kind === "treatment_start")) more(mine, "/v1/course", "course", landmarks.at(-1));
  more(mine, "/v1/test-value", "tests", landmarks.at(-1));
  while (landmarks.length) {
    const histories = [];
    let rows = 0;
    while (landmarks.length && histories.length < MOST.histories) {
      const cut = cutAt(history, landmarks.at(-1), task);
      rows += cut.measurements.length;
      if (histories.length && (rows > MOST.measurements || (histories.length + 1) * cut.events.length > MOST.events)) break;
      histories.unshift(cut);
      landmarks.pop();
    }
    const told = await call("/v1/risk/batch", { histories });
    if (mine !== seq) return;
    if (!told.content) return alerted(told.lost ?? told.errors[0].message);
    const found = told.content.results.map(({ answer, refusal }, k) => ({ day: histories[k].landmark, answer, refusal: refusal && { ...refusal, task } }));
    const live = found.find((one) => one.answer)?.answer.model.model_version;
    if (live && (version[task] ??= live) !== live) {
      now = blank();
      show();
      return alerted(`Version ${live} is live. This page stays with ${version[task]} until you reload.`);
    }
    all.unshift(...found);
    now.at = now.at < 0 || !now.answers.length ? all.length - 1 : now.at + found.length;
    now.answers = all.slice();
    now.pending = landmarks.length;
    if (all.length === found.length || !landmarks.length) show();
  }
}
async function more(mine, path, name, landmark) {
  const told = await call(path, { ...now.read.history, ...(name === "tests" ? { task: now.task } : {}), landmark });
  if (mine !== seq || !told.content) return;
  now[name] = told.content;
  if (now.answers.length) show();
}
function cutAt(history, day, task) {  // what was known by a visit; what happened later is not read by the server
  return { ...history, task, landmark: day, measurements: history.measurements.filter((one) => (one.available_at ?? one.collected_at).slice(0, 10) <= day) };
}

// Problems
function alerted(text) {
  put($("stop"), h("p", null, "No number: this history was not scored."));
  say($("busy"), "");
  put($("alert"), notice("stop", text));
  $("input").open = true;
}
function refused(errors, text) {
  const rows = text.split(/\r?\n/), csv = !text.trim().startsWith("{"), shown = errors.slice(0, 5);
  alerted("");
  put($("alert"), shown.map((one) => notice("stop", one.row ? `Row ${one.row}${one.column && `, column ${one.column}`}` : "Not read", one.text || `${one.message}.`, csv && one.row && h("code", null, rows[one.row - 1]))),
    errors.length > shown.length && h("p", { class: "note" }, `and ${errors.length - shown.length} more`));
  $("input").open = true;
  $("text").setAttribute("aria-invalid", "true");
  const row = csv && errors[0].row;
  if (row) {
    const from = rows.slice(0, row - 1).reduce((sum, one) => sum + one.length + 1, 0);
    $("text").setSelectionRange(from, from + rows[row - 1].length);
  }
}

// Showing
function show() {
  const { read, answers, at } = now, visit = answers[at], ready = Boolean(visit);
  document.querySelector("main").classList.toggle("treated", ready && Boolean(now.course));
  for (const id of ["how-so", "why", "next", "basis", "course"]) $(id).hidden = true;
  $("horizons").hidden = $("risk").hidden = true;
  put($("risk"));
  put($("line"));
  put($("stop"), !read && !seq && h("p", null, "Paste a history or choose an example."));
  put($("notices"), !ready && h("p", { class: "note" }, "What is missing or old is said here, before the number."));
  put($("person"));
  $("input").querySelector("summary").textContent = ready ? "Another history" : "Give a history";
  $("task").hidden = true;
  $("sheet").replaceChildren();
  if (!ready) return;
  const { answer, refusal, day } = visit, horizons = answer?.risks.map((one) => one.horizon_months) ?? [];
  if (horizons.length && !horizons.includes(months)) months = horizons[Math.min(1, horizons.length - 1)];
  const risk = answer?.risks.find((one) => one.horizon_months === months), model = models.find((one) => one.task === now.task);
  const event = model?.event ?? "progression", earlier = at < answers.length - 1, later = now.added.map((one) => toDay(one.collected_at));
  const days = read.results.map((one) => toDay(one.collected_at)), until = Math.max(...days, toDay(read.visits.at(-1)), ...later);
  const from = Math.min(...days, toDay(read.visits[0])), pad = Math.max((until - from) * 0.02, 20), involved = read.results.filter((one) => one.biomarker === "flc_involved" && one.available_at <= day).at(-1)?.value;
  const is = { answer, refusal, day, read, risk, months, event, earlier, involved, answers, tests: earlier ? null : now.tests, course: now.course, tasks: models.map((one) => one.task),
    time: { from: from - pad, until: until + pad, landmark: toDay(day) }, panels: panelsOf(read, answer), met: metBefore(), person: personOf(read, answer, refusal),
    heading: event === "relapse" ? "Risk of relapse" : event === "progression" && now.task === "smm" ? "Risk of progression to active myeloma" : `Risk of ${event}` };
  is.stop = refusal ? refusalOf(refusal, read, day, is.tasks) : risk ? null : guardOf(answer, involved);
  is.notices = noticesOf(is);
  $("input").open = false;
  put($("person"), is.person.map(([name, value]) => [h("dt", null, name), h("dd", null, value)]));
  $("task").hidden = models.length < 2;
  $("question").value = now.task;
  put($("notices"), is.notices);
  $("h3").textContent = `3 ${is.heading}`;
  showBox(is);
  showHistory(is);
  if (now.course) {
    $("course").hidden = false;
    put($("course").querySelector("div"), courseOf(now.course, read));
  }
  if (risk) {
    $("why").hidden = $("next").hidden = false;
    showWhy(answer, risk, months);
    if (!now.form || now.formOf !== read) {
      now.form = whatIfOf({ read, months: () => months, ask: whatIf, changed: (added) => { now.added = added; show(); } });
      now.formOf = read;
    }
    if (!$("what-if").contains(now.form)) put($("what-if"), now.form);
    $("what-if").hidden = earlier;
    put($("tests"), testsOf(is.tests, months));
    $("next").hidden = earlier;
  }
  if (answer) showBasis(answer);
  for (const id of ["course", "box", "how-so", "why"]) drawAt($(id));
  sheetOf(is);
}
function showBox({ answer, risk, months: chosen, event, earlier, stop, day }) {
  if (!risk) {
    put($("stop"), notice("stop", ...stop));
    put($("line"), `As of ${earlier ? "an earlier visit, " : ""}${date(day)}.`);
    return;
  }
  $("horizons").hidden = $("risk").hidden = false;
  put($("stop"));
  const had = document.activeElement?.name === "horizon";
  put($("horizons"), h("legend", null, "Within"), answer.risks.map(({ horizon_months: each }) => h("label", null,
    h("input", { type: "radio", name: "horizon", value: each, checked: each === chosen, onchange: () => { months = each; show(); } }), within(each).replace(NB, " "))));
  if (had) $("horizons").querySelector(":checked").focus();
  const size = matchMedia("(min-width: 1080px)").matches ? 260 : 200;
  put($("risk"), h("div", null, numberOf(risk, answer.as_of), wordsOf(risk, event)), iconsOf(risk, event, size), curveOf(answer.risks, chosen, event));
  put($("line"), lineOf(answer, risk, earlier));
}
function showHistory({ answers, day, months: chosen, time, panels }) {
  if (now.course) return;
  $("how-so").hidden = false;
  const slider = $("slider"), total = answers.length, at = now.at + 1;
  $("visit").hidden = total < 2;
  Object.assign(slider, { max: total, value: at });
  slider.setAttribute("aria-valuetext", date(day).replaceAll(NB, " "));
  $("visit").querySelector("output").textContent = `${date(day)}, ${at} of ${total}`;
  put($("by-visit"), total > 1 && riskOf(answers, chosen, time), now.pending > 0 && h("p", { class: "note" }, `Scoring ${now.pending} earlier visits ...`));
  const one = ([about, results]) => panelOf(about, results, time, now.added.filter((added) => added.biomarker === about.biomarker)), rest = panels.slice(SIX);
  const others = rest.length > 0 && h("details", { ontoggle: (event) => event.target.open && event.target.children.length < 2 && event.target.append(...rest.map(one)) }, h("summary", null, `${rest.length} more`));
  put($("panels"), panels.slice(0, SIX).map(one), others);
}
function showBasis({ basis, model, ...answer }) {
  $("basis").hidden = false;
  const figures = Object.entries(basis.validation).filter(([name]) => !/_(lo|hi)$/.test(name)).map(([name, value]) => {
    const [, what, horizon] = /^(.*)_(\d+)m$/.exec(name) ?? [null, name, ""], ends = ["_lo", "_hi"].map((end) => basis.validation[name + end]);
    return [{ auc: "AUC", oe_ratio: "Observed / expected", ici: "Calibration error (ICI)" }[what] ?? what, horizon && within(Number(horizon)), value.toFixed(3), ends.every((end) => end !== undefined) ? ends.map((end) => end.toFixed(3)).join(" to ") : ""];
  });
  const items = (title, lines) => [h("h3", null, title), h("ul", null, lines.map((one) => h("li", null, one)))];
  const { data } = basis, versions = Object.entries({ ...basis.versions, run: model.run_id, features: model.feature_hash });
  put($("basis").querySelector("div"), h("p", null, `Model ${model.model_name}, version ${model.model_version}${model.gate_verdict && `; the gate said: ${model.gate_verdict}`}.${answer.id ? ` Answer ${answer.id}.` : ""}`),
    h("p", null, `For ${basis.population}. Outcome: ${basis.outcome}. Made from ${data.patients ?? "an unknown number of"} ${data.people === "unknown" ? "" : data.people} people, ${data.patients_with_the_event ?? "?"} of whom had the event.`),
    h("details", null, h("summary", null, "Purpose, users, limits, figures, versions"), h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Basis" },
      items("Intended use", basis.intended_use), items("Users", basis.intended_users), items("Not for", basis.not_for), items("Limits", basis.limits),
      figures.length > 0 && [h("h3", null, "Figures, people whom no fit has seen"), table(["Figure", "Within", "Value", "95 % interval"], figures, "", false)], h("h3", null, "Versions"), h("p", null, versions.map((one) => one.join(" ")).join(", ")))));
}
function metBefore() {  // the latest earlier visit at which a criterion was met that is not met at the one looked at
  const { answers, at } = now, here = answers[at].answer;
  if (!here || !here.risks.length) return null;
  for (const { day, answer } of answers.slice(0, at).reverse()) {
    const met = answer?.criteria.find((one) => one.status === "met");
    if (met && here.criteria.find((one) => one.criterion === met.criterion)?.status !== "met") return { day, text: guardOf({ criteria: [met] })[1].replace(" Please review.", "") };
  }
  return null;
}
async function whatIf(visit) {
  const mine = seq, told = await call("/v1/what-if", { history: { ...now.read.history, task: now.task, landmark: undefined }, visit });
  if (mine !== seq) return { error: "" };
  if (told.content) return told.content;
  return { error: told.lost ?? (told.status === 404 ? "This server answers no what-if." : told.errors.map((one) => one.text ?? `${one.where ? `${one.where}: ` : ""}${one.message}`).join(" ")) };
}

// Ways in
$("form").addEventListener("submit", (event) => { event.preventDefault(); score($("text").value); });
$("text").addEventListener("keydown", (event) => (event.ctrlKey || event.metaKey) && event.key === "Enter" && score($("text").value));
$("load").addEventListener("click", async () => {
  const told = await call(`/page/${$("example").value}.json`);
  if (!told.content) return alerted(told.lost ?? "This example is not there.");
  $("text").value = written(told.content);
  score($("text").value);
});
function written(history) {  // an example ends two weeks ago, whatever the day is
  const text = JSON.stringify(history), days = history.measurements.map((one) => one.collected_at).sort(), by = Math.floor(Date.now() / 864e5) - 14 - toDay(days.at(-1));
  const moved = JSON.parse(text.replace(/"(\d{4}-\d\d-\d\d)"/g, (_, day) => `"${toIso(toDay(day) + by)}"`)), rows = (name) => moved[name].map((one) => `    ${JSON.stringify(one)}`).join(",\n");
  const parts = [moved.task && `  "task": ${JSON.stringify(moved.task)}`, `  "patient": ${JSON.stringify(moved.patient)}`, `  "measurements": [\n${rows("measurements")}\n  ]`, moved.events && `  "events": [\n${rows("events")}\n  ]`];
  return `{\n${parts.filter(Boolean).join(",\n")}\n}`;
}
async function take(file) {
  if (!file) return;
  $("text").value = await file.text();
  score($("text").value);
}
$("file").addEventListener("change", (event) => take(event.target.files[0]));
addEventListener("dragover", (event) => { event.preventDefault(); $("drop").hidden = false; });
addEventListener("dragleave", (event) => { if (!event.relatedTarget) $("drop").hidden = true; });
addEventListener("drop", (event) => {
  event.preventDefault();
  $("drop").hidden = true;
  const file = event.dataTransfer.files[0], text = event.dataTransfer.getData("text");
  if (file) take(file);
  else if (text) score(($("text").value = text));
});
$("slider").addEventListener("input", (event) => { now.at = Number(event.target.value) - 1; show(); });
$("question").addEventListener("change", async (event) => {
  const mine = ++seq;
  now.at = -1;
  now.answers = [];
  now.form = null;
  await ask(mine, event.target.value);
});
const dark = () => (document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
const named = () => { $("theme").textContent = dark() ? "Light" : "Dark"; };
$("theme").addEventListener("click", () => { document.documentElement.dataset.theme = dark() ? "light" : "dark"; named(); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", named);
$("print").addEventListener("click", () => print());
addEventListener("pagehide", () => { seq++; now = blank(); $("form").reset(); show(); });
addEventListener("pageshow", (event) => event.persisted && location.reload());

named();
show();
call("/v1/model").then(({ content }) => {
  models = content?.models ?? [];
  const titles = { smm: "progression of smoldering myeloma", mgus: "progression of MGUS", relapse: "relapse of treated myeloma" };
  put($("question"), models.map((one) => h("option", { value: one.task }, titles[one.task] ?? one.title ?? one.task)));
});
