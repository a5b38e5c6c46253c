// The course of a treated person since the start of therapy: rules only, as `/v1/course` tells it.
import { date, datesIn, h, number, s, toDay, written } from "./dom.js";
import { circle, diamond, figure, line, logTicks, path, point, rect, stripes, svg, text, triangle, upright, wide, fitted } from "./chart.js";

const MONTH = 30.4375,
  ORDER = ["NE", "PD", "SD", "MR", "PR", "VGPR", "CR", "sCR"],
  TONE = { SD: 0, MR: 0, PR: 1, VGPR: 2, CR: 3, sCR: 3 };
const FOLLOWED = {
  urine: ["urine_m_protein", "Urine M-protein", "mg/24 h"],
  "light chains only": ["flc_involved", "Involved chain", "mg/L"],
};
const AXES = {
  depth: [
    "Depth",
    ["less than PR", "PR", "VGPR", "CR", "CR, MRD-negative at 1e-5", "CR, MRD-negative at 1e-6"],
    [0, 1, 2, 3, 3, 3],
    ["< PR", "PR", "VGPR", "CR", "CR, MRD neg. 10⁻⁵", "CR, MRD neg. 10⁻⁶"],
  ],
  duration: [
    "Duration",
    ["not MRD-negative", "MRD-negative, not yet sustained", "sustained MRD-negative"],
    [0, 1, 3],
    ["not negative", "not yet sustained", "sustained"],
  ],
  therapy: ["Off therapy", ["on therapy", "off therapy"], [0, 3]],
  quality_of_life: ["Quality of life", ["worse", "possibly worse", "kept", "possibly better", "better"], [0, 0, 1, 2, 3]],
};
const level = (share) => {
  const power = Math.floor(Math.log10(share) + 1e-9),
    head = number(share / 10 ** power);
  return `${head === "1" ? "" : `${head}·`}10${[...String(power)].map((one) => (one === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[one])).join("")}`;
};
const dated = (day) => date(new Date(day * 864e5).toISOString().slice(0, 10));
const powers = (words) => datesIn(words).replace(/\b\d(\.\d+)?e-\d+/g, (found) => level(Number(found)));

function spans(visits, end, what) {
  // [{from, until, ...what(visit)}], one for each stretch of the same
  const found = [];
  // a visit is a day on which the state is known: those of results, of events, and one a month between them
  visits.forEach((visit, k) => {
    const one = what(visit),
      until = k + 1 < visits.length ? toDay(visits[k + 1].visit) : end,
      last = found.at(-1);
    if (last && last.key === one.key) last.until = until;
    else found.push({ ...one, from: toDay(visit.visit), until });
  });
  return found;
}
function responses(progressions) {
  // a category seen once stands striped where it is better than what is confirmed, or progression; one that was recorded ends what was
  let waiting = "NE",
    before = null;
  const rank = (one) => ORDER.indexOf(one);
  return (visit) => {
    if (visit.line !== before) [waiting, before] = ["NE", visit.line];
    if (visit.visit_response !== "NE") waiting = visit.visit_response;
    const sure = recordedBy(progressions, visit) ? "PD" : visit.response,
      open = sure !== "PD" && (waiting === "PD" || rank(waiting) > rank(sure)),
      word = open ? waiting : sure;
    return {
      key: `${visit.line} ${word} ${open}`,
      word,
      tone: word === "PD" ? "raise" : (TONE[word] ?? null),
      striped: open,
      says: `Response ${word}${open ? ", not confirmed" : ""}`,
    };
  };
}
const recordedBy = (progressions, visit) => progressions.some((day) => day > toDay(visit.line_start) && day <= toDay(visit.visit));
function axis(name) {
  const [title, states, tones, brief = states] = AXES[name];
  return (visit) => {
    const told = visit[name],
      old = told.startsWith("was "),
      body = told
        .replace(/^was /, "")
        .split(";")[0]
        .replace(/, since .*$/, "");
    const ends = /^from (.*) to (.*)$/.exec(body)?.slice(1) ?? [body, body],
      [low, high] = ends.map((one) => states.indexOf(one.trim()));
    const word = low < 0 ? "unknown" : `${old ? "was " : ""}${low === high ? brief[low] : `${brief[low]} to ${brief[high]}`}`;
    return {
      key: word,
      word,
      tone: low < 0 || (tones[low] === 0 && tones[high] > 0) ? null : tones[low],
      striped: old,
      says: `${title}: ${word}`,
    };
  };
}

export function courseOf(course, read, print) {
  const { visits } = course,
    events = read.history.events,
    start = toDay(visits[0].line_start),
    days = course.days?.length ? course.days : visits,
    last = days.at(-1),
    end = toDay(last.visit),
    of = (biomarker) => read.results.filter((one) => one.biomarker === biomarker && toDay(one.collected_at) >= start - 90),
    happened = (kind) => events.filter((one) => one.kind === kind).map((one) => toDay(one.occurred_at.slice(0, 10))),
    within = (day, k, all) => day >= start && day <= end && all.indexOf(day) === k,
    [progressions, deaths] = ["progression", "death"].map((kind) => happened(kind).filter(within));
  const [key, name, unit] = FOLLOWED[visits[0].followed_by] ?? ["m_protein", "M-protein", "g/dL"];
  const marker = of(key),
    tests = of("mrd"),
    quality = of("qlq_c30_ql"),
    none = (one) => one.value === 0, // a limit is drawn at its value, hollow
    found = (one) => (none(one) && !one.operator ? "none found" : `${written(one, unit)} ${unit}`);
  const lines = [...new Map(days.map((one) => [one.line, one])).values()].map((one, k, all) => {
    const from = toDay(one.line_start),
      next = all[k + 1] ? toDay(all[k + 1].line_start) : end;
    const stops = happened("treatment_stop").filter((day) => day > from && day <= next);
    return {
      from,
      until: one.on_therapy === 0 && stops.length ? Math.max(...stops) : next,
      line: one.line,
      regimen: one.regimen || "not named",
      next,
    };
  });
  const now = {
    marker: marker.length
      ? `${found(marker.at(-1))} on ${date(marker.at(-1).collected_at)}`
      : "no result",
    response: `${recordedBy(progressions, last) && last.response !== "PD" ? "PD, as recorded" : last.response}, best ${last.best_response}`,
    mrd: powers(last.mrd + (last.mrd_level ? ` at ${level(last.mrd_level)}` : "")),
    therapy: `Line ${last.line}: ${lines.at(-1).regimen}`,
    quality: quality.length ? `${number(quality.at(-1).value)} of 100` : "never asked",
  };
  const draw = (width) => {
    const phone = width < 640,
      first = Math.min(start, ...[...marker, ...tests, ...quality].map((one) => toDay(one.collected_at)));
    const left = phone ? 36 : 140,
      right = phone ? width - 78 : width - 290,
      x = (day) => left + ((day - first) / Math.max(end - first, 90)) * (right - left);
    const out = [],
      marks = [],
      above = phone ? 20 : 0;
    let y = 0;
    const row = (height, title, said, sub = "") => {
      const top = y + above,
        middle = top + height / 2;
      if (phone)
        out.push(text(0, y + 14, title, "bold"), text(wide(title, true) + 10, y + 14, fitted(said, width - wide(title, true) - 12)));
      else {
        out.push(text(0, middle + (sub ? -2 : 4), title, "bold"), sub && text(0, middle + 14, sub));
        const words = said.split(" "),
          rows = [""];
        for (const word of words)
          wide(`${rows.at(-1)} ${word}`) > 215 && rows.at(-1) ? rows.push(word) : (rows[rows.length - 1] = `${rows.at(-1)} ${word}`.trim());
        const some = rows.slice(0, Math.max(1, Math.floor(height / 15)));
        if (rows.length > some.length) some[some.length - 1] += " …";
        some.forEach((one, k) => out.push(text(right + 72, middle + 4 + (k - (some.length - 1) / 2) * 15, one, "strong")));
      }
      y = top + height + 8;
      return top;
    };
    const bars = (top, height, found) =>
      found.forEach(({ from, until, word, tone, striped, says }) => {
        const at = Math.min(x(from), x(end) - 4),
          long = Math.max(x(until) - at - 1, 3),
          shape = [];
        if (tone === null)
          shape.push(s("rect", { x: at + 0.5, y: top + 0.5, width: Math.max(long - 1, 1), height: height - 1, class: "outline gap" }));
        else if (striped) {
          const [fill, pattern] = stripes(tone === "raise" ? "raise-bar" : `s${tone}`);
          shape.push(
            s("defs", null, pattern),
            s("rect", { x: at, y: top, width: long, height, fill, class: `striped ${tone === "raise" ? "raise-bar" : `s${tone}`} thin` }),
          );
        } else shape.push(rect(at, top, long, height, tone === "raise" ? "positive" : tone === 0 ? "off" : `t${tone}`));
        if (word && long >= Math.max(wide(word) + 10, word.length > 4 ? 72 : 30)) {
          if (striped) shape.push(rect(at + 3, top + 3, wide(word) + 6, height - 6, "ground"));
          shape.push(text(at + 6, top + height / 2 + 4, word, striped || tone === null ? "w0" : tone === "raise" ? "w3" : `w${tone}`));
        }
        marks.push(
          point(at + long / 2, top + height / 2, `${powers(says)}, from ${dated(from)}`, shape),
        );
      });
    const markerTop = row(print ? 60 : 104, name, now.marker, unit),
      high = print ? 60 : 104,
      seen = marker.filter((one) => !none(one)).map((one) => one.value);
    const base = lines
      .map((one) => [one, marker.filter((each) => toDay(each.collected_at) <= one.from && !each.operator && !none(each)).at(-1)?.value])
      .filter(([, value]) => value);
    const every = [...seen, ...base.flatMap(([, value]) => [value * 0.5, value * 0.1])];
    const scale = logTicks(Math.min(...every, 1e9) === 1e9 ? 1 : Math.min(...every), every.length ? Math.max(...every) : 10),
      [a, b] = [scale[0], scale.at(-1)].map(Math.log10);
    const floor = markerTop + high,
      at = (value) => floor - 16 - ((Math.log10(value) - a) / (b - a || 1)) * (high - 22),
      spot = (one) => [x(toDay(one.collected_at)), none(one) ? floor : at(one.value)];
    out.push(
      ...scale.map((value) => [line(left, at(value), right, at(value), "grid"), text(left - 6, at(value) + 4, number(value), "end")]),
      line(left, floor, right, floor, "axis"),
      text(right + 10, floor + 4, "none found"),
    );
    base.forEach(([one, value], k) =>
      [
        [0.5, "−50 %"],
        [0.1, "−90 %"],
      ].forEach(([share, words]) =>
        out.push(
          line(x(one.from), at(value * share), x(one.next), at(value * share), "axis gap"),
          k === base.length - 1 && text(right + 10, at(value * share) + 4, words),
        ),
      ),
    );
    marker
      .slice(1)
      .forEach((one, k) =>
        out.push(
          line(...spot(marker[k]), ...spot(one), `join${toDay(one.collected_at) - toDay(marker[k].collected_at) > 550 ? " gap" : ""}`),
        ),
      );
    marker.forEach((one) =>
      marks.push(
        point(
          ...spot(one),
          `${name} ${found(one)}, ${date(one.collected_at)}`,
          circle(...spot(one), 4, none(one) || one.operator ? "hollow" : "dot"),
        ),
      ),
    );
    y += 6;
    bars(row(26, "Response", now.response), 26, spans(days, end, responses(progressions)));
    const testTop = row(40, "MRD", now.mrd);
    if (!tests.length) out.push(text(left + 4, testTop + 18, "never tested"));
    let free = -Infinity;
    for (const one of tests) {
      const negative = one.operator === "<",
        tells = one.value <= 1.0000001e-5,
        cx = x(toDay(one.collected_at)),
        words = level(one.value);
      const shape = !negative
        ? diamond(cx, testTop + 10, 7, "positive")
        : tells
          ? circle(cx, testTop + 10, 5, "hollow")
          : s("rect", { x: cx - 5, y: testTop + 5, width: 10, height: 10, class: "outline gap" });
      marks.push(
        point(
          cx,
          testTop + 10,
          `MRD ${negative ? (tells ? "negative" : "not informative: negative") : "positive"} at ${words}, ${date(one.collected_at)}`,
          shape,
        ),
      );
      if (cx - wide(words) / 2 > free) {
        out.push(text(cx, testTop + 34, words, "middle"));
        free = cx + wide(words) / 2 + 4;
      }
    }
    const lineTop = row(48, "Therapy", now.therapy),
      band = visits.filter((one) => one.drug_band === 1);
    for (const one of lines) {
      const long = Math.max(x(one.until) - x(one.from) - 1, 3),
        words = fitted(`${one.line} ${one.regimen}`, long - 8);
      marks.push(
        point(
          x(one.from) + long / 2,
          lineTop + 20,
          `Line ${one.line}: ${one.regimen}, from ${dated(one.from)}`,
          [
            s("rect", { x: x(one.from), y: lineTop + 10, width: long, height: 20, class: "off" }),
            long > 20 && text(x(one.from) + 4, lineTop + 24, long > 60 ? words : String(one.line), "w0"),
          ],
        ),
      );
    }
    events
      .filter((one) => one.kind === "transplant")
      .forEach((one) =>
        marks.push(
          point(
            x(toDay(one.occurred_at)),
            lineTop + 4,
            `Transplant, ${date(one.occurred_at)}`,
            triangle(x(toDay(one.occurred_at)), lineTop + 3, 5, "positive"),
          ),
        ),
      );
    if (band.length)
      out.push(
        line(x(toDay(band[0].visit)), lineTop + 33, x(toDay(band.at(-1).visit)) + 2, lineTop + 33, "raise-bar"),
        text(left, lineTop + 46, "CR not assessable under anti-CD38"),
      );
    const top = row(44, "Quality of life", now.quality, phone ? "" : "QLQ-C30, 0 to 100"),
      q = (value) => top + 40 - (value / 100) * 36;
    out.push(...[0, 50, 100].map((value) => [line(left, q(value), right, q(value), "grid"), text(left - 6, q(value) + 4, value, "end")]));
    if (!quality.length) out.push(text(left + 4, q(50) - 4, "never asked", "halo"));
    out.push(path(quality.map((one, k) => `${k ? "L" : "M"}${x(toDay(one.collected_at))} ${q(one.value)}`).join("") || "M0 0", "join"));
    quality.forEach((one) =>
      marks.push(
        point(
          x(toDay(one.collected_at)),
          q(one.value),
          `Quality of life ${number(one.value)} of 100, ${date(one.collected_at)}`,
          circle(x(toDay(one.collected_at)), q(one.value), 4, "dot"),
        ),
      ),
    );
    for (const axisName of Object.keys(AXES)) {
      const found = spans(days, end, axis(axisName));
      bars(row(26, AXES[axisName][0], found.at(-1).word), 26, found);
    }
    const months = (end - start) / MONTH,
      step = [3, 6, 12, 24, 60].find((one) => ((right - left) / Math.max(months, 3)) * one > 36) ?? 120;
    for (let month = 0; month <= months; month += step)
      out.push(
        text(x(start + month * MONTH), y + 12, month, "middle"),
        line(x(start + month * MONTH), markerTop, x(start + month * MONTH), y, "grid"),
      );
    out.push(text(phone ? right + 6 : 0, y + 12, "months"));
    progressions.forEach((day) => marks.push(upright(x(day), markerTop, y, `Progression, ${dated(day)}`, "happened")));
    deaths.forEach((day) => marks.push(upright(x(day), markerTop, y, `Death, ${dated(day)}`, "axis")));
    return svg(width, y + 18, `Course over ${Math.round(months)} months since the start of treatment`, out, marks);
  };
  const rows = () =>
    visits.map((one) => [
      date(one.visit),
      String(one.line),
      one.response,
      powers(one.mrd),
      ...Object.keys(AXES).map((name) => powers(one[name])),
    ]);
  return [
    figure({
      draw,
      print,
      label: "the course",
      head: ["Visit", "Line", "Response", "MRD", "Depth", "Duration", "Therapy", "Quality of life"],
      rows,
    }),
    h(
      "p",
      { class: "note" },
      powers(last.criteria_own_2026[0].toUpperCase() + last.criteria_own_2026.slice(1)).replaceAll("_", " "),
      ". ",
      "Lines through all rows: recorded progressions (dashed) and death. Ring: MRD negative. Diamond: positive. Striped: not confirmed, or what was. Rules only, no model. Criteria: IMWG 2016. “Meets” means the criteria are met by the results given; it never means cured.",
    ),
  ];
}
