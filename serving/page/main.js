// The page: what was read, what was answered, and which of it is shown. All of it lives in memory, and is gone with the page.
import { $, date, h, NB, notice, put, say, toDay, within } from "./dom.js";
import { drawAt } from "./chart.js";
import { curveOf, freeOf, iconsOf, lineOf, numberOf, wordsOf } from "./box.js";
import { panelOf, riskOf } from "./trend.js";
import { showWhy } from "./why.js";
import { guardOf, noticesOf, personOf, problemsOf, refusalOf } from "./notices.js";
import { basisOf } from "./basis.js";
import { call, cutAt, written } from "./call.js";
import { dropped, themed } from "./frame.js";
import { testsOf, whatIfOf } from "./next.js";
import { courseOf } from "./course.js";
import { panelsOf, sheetOf } from "./print.js";

const MOST = { histories: 100, measurements: 20000, events: 2000 },
  SIX = 6;
let models = [],
  seq = 0,
  months = 24,
  version = {};
let now = blank();
function blank() {
  return { read: null, task: "", answers: [], at: -1, course: null, tests: null, added: [], pending: 0 };
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
const taskOf = (history) => history.task ?? { mgus: "mgus", mm: "relapse" }[history.patient.stage] ?? "smm";

async function ask(mine, task) {
  Object.assign(now, { task, answers: [], course: null, tests: null, added: [] });
  const { history, visits } = now.read,
    landmarks = [...visits],
    asksNow = !history.landmark && visits.at(-1) >= history.patient.index_date.slice(0, 10),
    all = [];
  // Of the last visit no day is asked for: the course goes on to what happened after it.
  if (history.events.some((one) => one.kind === "treatment_start")) more(mine, "/v1/course", "course", asksNow ? undefined : visits.at(-1));
  more(mine, "/v1/test-value", "tests", landmarks.at(-1));
  while (landmarks.length) {
    const histories = [],
      days = [];
    let rows = 0;
    while (landmarks.length && histories.length < MOST.histories) {
      const cut = cutAt(history, landmarks.at(-1), task, asksNow && landmarks.length === visits.length);
      rows += cut.measurements.length;
      if (histories.length && (rows > MOST.measurements || (histories.length + 1) * cut.events.length > MOST.events)) break;
      histories.unshift(cut);
      days.unshift(landmarks.pop());
    }
    const told = await call("/v1/risk/batch", { histories });
    if (mine !== seq) return;
    if (!told.content) return alerted(told.lost ?? told.errors[0].message);
    const found = told.content.results.map(({ answer, refusal }, k) => ({
      day: days[k],
      answer,
      refusal: refusal && { ...refusal, task },
    }));
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
// Problems
function alerted(text) {
  put($("stop"), h("p", null, "No number: this history was not scored."));
  say($("busy"), "");
  put($("alert"), notice("stop", text));
  $("input").open = true;
}
function refused(errors, text) {
  const rows = text.split(/\r?\n/),
    csv = !text.trim().startsWith("{");
  alerted("");
  put($("alert"), problemsOf(errors, csv ? rows : []));
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
  const { read, answers, at } = now,
    visit = answers[at],
    ready = Boolean(visit);
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
  const { answer, refusal, day } = visit,
    horizons = answer?.risks.map((one) => one.horizon_months) ?? [];
  if (horizons.length && !horizons.includes(months)) months = horizons[Math.min(1, horizons.length - 1)];
  const risk = answer?.risks.find((one) => one.horizon_months === months),
    model = models.find((one) => one.task === now.task);
  const event = model?.event ?? "progression",
    earlier = at < answers.length - 1,
    later = now.added.map((one) => toDay(one.collected_at));
  const days = read.results.map((one) => toDay(one.collected_at)),
    until = Math.max(...days, toDay(read.visits.at(-1)), ...later);
  const from = Math.min(...days, toDay(read.visits[0])),
    pad = Math.max((until - from) * 0.02, 20),
    involved = read.results.filter((one) => one.biomarker === "flc_involved" && one.available_at <= day).at(-1)?.value;
  const is = {
    answer,
    refusal,
    day,
    read,
    risk,
    months,
    event,
    earlier,
    involved,
    answers,
    tests: earlier ? null : now.tests,
    course: now.course,
    tasks: models.map((one) => one.task),
    time: { from: from - pad, until: until + pad, landmark: toDay(day) },
    panels: panelsOf(read, answer),
    person: personOf(read, answer, refusal),
    heading:
      event === "relapse"
        ? "Risk of relapse"
        : event === "progression" && now.task === "smm"
          ? "Risk of progression to active myeloma"
          : `Risk of ${event}`,
  };
  is.stop = refusal ? refusalOf(refusal, read, day, is.tasks) : risk ? null : guardOf(answer, involved);
  is.notices = noticesOf(is);
  $("input").open = false;
  put(
    $("person"),
    is.person.map(([name, value]) => [h("dt", null, name), h("dd", null, value)]),
  );
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
      now.form = whatIfOf({
        read,
        months: () => months,
        ask: whatIf,
        changed: (added) => {
          now.added = added;
          show();
        },
      });
      now.formOf = read;
    }
    if (!$("what-if").contains(now.form)) put($("what-if"), now.form);
    $("what-if").hidden = earlier;
    put($("tests"), testsOf(is));
    $("next").hidden = earlier;
  }
  if (answer) put($("basis").querySelector("div"), basisOf(answer));
  $("basis").hidden = !answer;
  drawAt($("course"), $("box"), $("how-so"), $("why"));
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
  put(
    $("horizons"),
    h("legend", null, "Within"),
    answer.risks.map(({ horizon_months: each }) =>
      h(
        "label",
        null,
        h("input", {
          type: "radio",
          name: "horizon",
          value: each,
          checked: each === chosen,
          onchange: () => {
            months = each;
            show();
          },
        }),
        within(each).replace(NB, " "),
      ),
    ),
  );
  if (had) $("horizons").querySelector(":checked").focus();
  const size = matchMedia("(min-width: 1080px)").matches ? 260 : 200;
  put(
    $("risk"),
    h("div", null, numberOf(risk, answer.as_of), wordsOf(risk, event), freeOf(answer)),
    iconsOf(risk, event, size),
    curveOf(answer.risks, chosen, event),
  );
  put($("line"), lineOf(answer, risk, earlier));
}
function showHistory({ answers, day, months: chosen, time, panels }) {
  if (now.course) return;
  $("how-so").hidden = false;
  const slider = $("slider"),
    total = answers.length,
    at = now.at + 1;
  $("visit").hidden = total < 2;
  Object.assign(slider, { max: total, value: at });
  slider.setAttribute("aria-valuetext", date(day).replaceAll(NB, " "));
  $("visit").querySelector("output").textContent = `${date(day)}, ${at} of ${total}`;
  put(
    $("by-visit"),
    total > 1 && riskOf(answers, chosen, time),
    now.pending > 0 && h("p", { class: "note" }, `Scoring ${now.pending} earlier visits ...`),
  );
  const one = ([about, results]) =>
      panelOf(
        about,
        results,
        time,
        now.added.filter((added) => added.biomarker === about.biomarker),
      ),
    rest = panels.slice(SIX);
  const others =
    rest.length > 0 &&
    h(
      "details",
      { ontoggle: (event) => event.target.open && event.target.children.length < 2 && event.target.append(...rest.map(one)) },
      h("summary", null, `${rest.length} more`),
    );
  put($("panels"), panels.slice(0, SIX).map(one), others);
}
async function whatIf(visit) {
  const mine = seq,
    told = await call("/v1/what-if", { history: { ...now.read.history, task: now.task, landmark: undefined }, visit });
  if (mine !== seq) return { error: "" };
  if (told.content) return told.content;
  return {
    error:
      told.lost ??
      (told.status === 404
        ? "This server answers no what-if."
        : told.errors.map((one) => one.text ?? `${one.where ? `${one.where}: ` : ""}${one.message}`).join(" ")),
  };
}

// Ways in
$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  score($("text").value);
});
$("text").addEventListener("keydown", (event) => (event.ctrlKey || event.metaKey) && event.key === "Enter" && score($("text").value));
$("load").addEventListener("click", async () => {
  const told = await call(`/page/${$("example").value}.json`);
  if (!told.content) return alerted(told.lost ?? "This example is not there.");
  $("text").value = written(told.content);
  score($("text").value);
});
async function take(file) {
  if (!file) return;
  $("text").value = await file.text();
  score($("text").value);
}
$("file").addEventListener("change", (event) => take(event.target.files[0]));
$("slider").addEventListener("input", (event) => {
  now.at = Number(event.target.value) - 1;
  show();
});
$("question").addEventListener("change", async (event) => {
  const mine = ++seq;
  now.at = -1;
  now.answers = [];
  now.form = null;
  await ask(mine, event.target.value);
});
$("print").addEventListener("click", () => print());
addEventListener("pagehide", () => {
  seq++;
  now = blank();
  $("form").reset();
  show();
});
addEventListener("pageshow", (event) => event.persisted && location.reload());

themed();
dropped(take, (text) => score(($("text").value = text)));
show();
call("/v1/model").then(({ content }) => {
  models = content?.models ?? [];
  const titles = { smm: "progression of smoldering myeloma", mgus: "progression of MGUS", relapse: "relapse of treated myeloma" };
  put(
    $("question"),
    models.map((one) => h("option", { value: one.task }, titles[one.task] ?? one.title ?? one.task)),
  );
});
