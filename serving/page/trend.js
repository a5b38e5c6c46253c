// A biomarker over time, and the risk at each visit: all with one axis of time.
import { date, h, NB, number, percent, short, span, toDay, unitOf, within, between, written } from "./dom.js";
import { circle, diamond, figure, line, logTicks, path, point, rect, svg, text, ticks, timeTicks, triangle, wide } from "./chart.js";

const GAP = 550; // days without a result, from which a line is dotted
const LEFT = 46, // room for "100 %"
  RIGHT = 22,
  BOTTOM = 24;

function axisOfTime(parts, time, width, height, right) {
  const x = (day) => LEFT + ((day - time.from) / (time.until - time.from)) * (width - LEFT - right);
  const shown = timeTicks(time.from, time.until, width - LEFT - right);
  parts.push(...shown.map(([day, words]) => text(x(day), height - 6, words, x(day) < 50 ? "" : "middle")));
  return x;
}
// Values' scale: it spans at least three times what is noise, so that noise never looks like a trend.
function scaleOf(about, values, height) {
  const log = about.scale === "log" && values.every((value) => value > 0),
    rise = (about.noise_rise_percent ?? 0) / 100;
  const to = (value) => (log ? Math.log10(value) : value),
    back = (value) => (log ? 10 ** value : value);
  let [low, high] = [Math.min(...values), Math.max(...values)].map(to);
  const least = rise ? 3 * (log ? Math.log10(1 + rise) : rise * Math.max(values.at(-1), 0.1)) : log ? 0.3 : 0.1 * Math.abs(high) || 1;
  const size = Math.max(high - low, least);
  for (const limit of [about.reference_low, about.reference_high].filter((one) => one !== null && (!log || one > 0)).map(to)) {
    if (limit < low && low - limit <= 0.6 * size) low = limit;
    if (limit > high && limit - high <= 0.6 * size) high = limit;
  }
  if (high - low < least) {
    const floor = !log && low >= 0 ? 0 : -Infinity,
      middle = (low + high) / 2;
    low = Math.max(middle - least / 2, floor);
    high = low + least;
  }
  const ends = [low, high].map(back),
    shown = log ? logTicks(ends[0] / 1.02, ends[1] * 1.02, 4, true) : ticks(low, high);
  const [first, last] = log ? [ends[0] / 1.02, ends[1] * 1.02] : [shown[0], shown.at(-1)];
  const top = 10,
    bottom = height - BOTTOM;
  return { shown, first, last, y: (value) => bottom - ((to(value) - to(first)) / (to(last) - to(first))) * (bottom - top) };
}
// A limit is high, low or within the range only where all that it leaves open is: "<20" may be any smaller value.
export function against({ reference_low, reference_high }, { value, operator }) {
  if (reference_low === null && reference_high === null) return ["", ""];
  const [least, most] = [operator === "<" ? 0 : value, operator === ">" ? Infinity : value],
    [low, high] = [reference_low ?? -Infinity, reference_high ?? Infinity];
  if (least > high) return ["▲ high", ", above the reference range"];
  if (most < low) return ["▼ low", ", below the reference range"];
  if (least >= low && most <= high) return ["", ", within the reference range"];
  return ["", ", which may lie within the reference range or outside"];
}

export function panelOf(about, results, time, added, print) {
  const height = print ? 84 : 150,
    name = short(about.label),
    unit = unitOf(about.unit),
    named = unit ? `${name}, ${unit}` : name;
  const known = results.filter((one) => toDay(one.available_at) <= time.landmark),
    now = known.at(-1);
  const label = (one) =>
    `${name} ${written(one, about.unit)}${unit && NB + unit}, ${date(one.collected_at)}${against(about, one)[1]}` +
    (one.if ? ", what-if" : known.includes(one) ? "" : ", known later, not used");
  const draw = (width) => {
    const { shown, first, last, y } = scaleOf(
        about,
        [...results, ...added].map((one) => one.value),
        height,
      ),
      parts = [];
    const clip = (value) => Math.min(Math.max(value, first), last),
      right = width - RIGHT;
    const { reference_low: low, reference_high: high } = about;
    if ((low !== null || high !== null) && (low ?? first) < last && (high ?? last) > first) {
      const [a, b] = [y(clip(high ?? last)), y(clip(low ?? first))];
      parts.push(rect(LEFT, a, right - LEFT, b - a, "ref"));
    }
    parts.push(
      ...shown.map((value) => [line(LEFT, y(value), right, y(value), "grid"), text(LEFT - 6, y(value) + 4, number(value), "end")]),
    );
    const x = axisOfTime(parts, time, width, height, RIGHT);
    parts.push(line(x(time.landmark), 6, x(time.landmark), height - BOTTOM, "mark"));
    if (now && !now.operator && about.noise_rise_percent) {
      const [a, b] = [y(now.value), y(Math.min(now.value * (1 + about.noise_rise_percent / 100), last))];
      parts.push(path(`M${right + 6} ${a}H${right + 12}V${b}H${right + 6}`, "bracket"));
    }
    const at = (one) => [x(toDay(one.collected_at)), y(one.value)];
    results.forEach((one, k) => {
      if (!k) return;
      const [x1, y1] = at(results[k - 1]),
        [x2, y2] = at(one);
      const far = toDay(one.collected_at) - toDay(results[k - 1].collected_at) > GAP;
      parts.push(line(x1, y1, x2, y2, known.includes(one) ? `join${far ? " gap" : ""}` : "later"));
    });
    const spots = results.map((one) => {
      const [cx, cy] = at(one),
        seen = known.includes(one);
      const shape = one.operator
        ? triangle(cx, cy, 5, seen ? "hollow" : "dot known-later")
        : circle(cx, cy, one === now ? 5 : 4, seen ? "dot" : "dot known-later");
      return point(cx, cy, label(one), shape);
    });
    for (const one of added) {
      const [cx, cy] = at(one);
      if (now) parts.push(line(...at(now), cx, cy, "if-join"));
      spots.push(point(cx, cy, label({ ...one, if: true }), diamond(cx, cy, 7, "if")));
    }
    return svg(width, height, `${name}${unit ? ` in ${unit}` : ""}, ${results.length} results`, parts, spots);
  };
  const [flag] = now ? against(about, now) : [""];
  const none = !print && about.reference_low === null && about.reference_high === null ? "no reference range given" : "";
  const age = now ? time.landmark - toDay(now.collected_at) : 0;
  const value = now ? `${written(now, about.unit)}${unit && NB + unit}` : "not known by then";
  const more = [flag, age > 183 && `${span(age)} old`, none].filter(Boolean).join(", ");
  const caption = [
    h("b", null, name),
    !print && unit && ` (${unit})`,
    print ? " " : h("br"),
    h("span", { class: "more" }, h("b", null, value), more && `, ${more}`),
  ];
  return figure({
    caption,
    draw,
    print,
    label: named,
    head: ["Day", named, ""],
    rows: () => results.map((one) => [date(one.collected_at), written(one, about.unit), known.includes(one) ? "" : "known later"]),
  });
}

// answers: one a visit, {day, answer or refusal}
export function riskOf(answers, months, time, print) {
  const height = print ? 88 : 170;
  const given = answers.map(({ day, answer, refusal }) => ({
    day: toDay(day),
    iso: day,
    risk: answer?.risks.find((one) => one.horizon_months === months),
    why: refusal ? whyNot(refusal) : "guard",
  }));
  const shown = given.filter((one) => one.risk);
  const draw = (width) => {
    const high = Math.max(5, ...shown.map(({ risk }) => risk.shown.high ?? risk.shown.percent)),
      marks = ticks(0, high, print ? 4 : 6),
      top = marks.at(-1),
      parts = [];
    const right = RIGHT,
      y = (value) => height - BOTTOM - (value / top) * (height - BOTTOM - 12);
    parts.push(
      ...marks.map((value) => [line(LEFT, y(value), width - right, y(value), "grid"), text(LEFT - 6, y(value) + 4, `${value} %`, "end")]),
    );
    const x = axisOfTime(parts, time, width, height, right);
    for (const run of runs(given)) {
      if (!run[0].risk) {
        const at = (x(run[0].day) + x(run.at(-1).day)) / 2;
        parts.push(text(Math.min(Math.max(at, LEFT + 20), width - right - 20), height - BOTTOM - 8, run[0].why, "strong middle halo"));
        continue;
      }
      if (run[0].risk.lower !== null) {
        const edge = (end) => run.map(({ day, risk }) => `${x(day)} ${y(100 * risk[end])}`);
        parts.push(path(`M${edge("upper").join("L")}L${edge("lower").reverse().join("L")}Z`, "band"));
      }
      parts.push(path(`M${run.map(({ day, risk }) => `${x(day)} ${y(100 * risk.risk)}`).join("L")}`, "join"));
    }
    parts.push(line(x(time.landmark), 6, x(time.landmark), height - BOTTOM, "mark"));
    let free = Infinity;
    const spots = [],
      words = [];
    for (const one of [...shown].reverse()) {
      const [cx, cy] = [x(one.day), y(100 * one.risk.risk)],
        now = one.day === time.landmark,
        said = `${percent(one.risk.shown.percent)} %`;
      spots.unshift(
        point(
          cx,
          cy,
          `${said} within ${within(months)}, ${date(one.iso)}${one.risk.shown.low === null ? "" : `, ${between(one.risk.shown.low, one.risk.shown.high)}`}`,
          circle(cx, cy, now ? 5 : 4, one.day > time.landmark ? "dot known-later" : "dot"),
        ),
      );
      const end = Math.max(cx - 4, LEFT + wide(said) + 2);
      if (end + 4 < free || now) {
        words.push(text(end, Math.max(cy - 8, 12), said, `${now ? "bold" : "strong"} end halo`));
        free = end - wide(said);
      }
    }
    return svg(width, height, `Risk within ${within(months)} at each visit, ${shown.length} results`, parts, spots, words);
  };
  const caption = [
    h("b", null, "Risk at each visit"),
    h("span", { class: "more" }, ` within ${within(months)}, from what was known by then`),
  ];
  return figure({
    caption,
    draw,
    print,
    label: "risk at each visit",
    head: ["Visit", "Risk, %", "From", "To"],
    rows: () => shown.map(({ iso, risk }) => [date(iso), percent(risk.shown.percent), risk.shown.low ?? "", risk.shown.high ?? ""]),
  });
}
export function whyNot(refusal) {
  const words = {
    treated: "treated",
    stage_unknown: "stage not stated",
    other_stage: "another stage",
    stage_contradicted: "results of another stage",
    dead: "died",
    progressed: "progressed",
    under_age: "under age",
    before_index: "before the index date",
    before_line: "before treatment",
    later_line: "later line",
  };
  return words[refusal.errors[0]?.code] ?? "no risk";
}
function runs(given) {
  const found = [];
  for (const one of given) {
    const last = found.at(-1)?.[0];
    if (last && (last.risk ? one.risk : !one.risk && last.why === one.why)) found.at(-1).push(one);
    else found.push([one]);
  }
  return found;
}
