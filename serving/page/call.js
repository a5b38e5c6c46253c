// Questions to the server, and the invented examples that it holds.
import { toDay, toIso } from "./dom.js";

export async function call(path, body) {
  let reply;
  try {
    reply = await fetch(path, body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  } catch {
    return { lost: "The server did not answer. Press Score again." };
  }
  if (reply.status === 503) return { lost: `Busy. Try again in ${reply.headers.get("Retry-After") ?? 2} seconds.` };
  const content = await reply.json().catch(() => null);
  return reply.ok && content
    ? { content }
    : { status: reply.status, errors: content?.errors ?? [{ message: "The server could not answer." }] };
}

export function written(history) {
  // an example ends two weeks ago, whatever the day is
  const text = JSON.stringify(history),
    days = history.measurements.map((one) => one.collected_at).sort(),
    by = Math.floor(Date.now() / 864e5) - 14 - toDay(days.at(-1));
  const moved = JSON.parse(text.replace(/"(\d{4}-\d\d-\d\d)"/g, (_, day) => `"${toIso(toDay(day) + by)}"`)),
    rows = (name) => moved[name].map((one) => `    ${JSON.stringify(one)}`).join(",\n");
  const parts = [
    moved.task && `  "task": ${JSON.stringify(moved.task)}`,
    `  "patient": ${JSON.stringify(moved.patient)}`,
    `  "measurements": [\n${rows("measurements")}\n  ]`,
    moved.events && `  "events": [\n${rows("events")}\n  ]`,
  ];
  return `{\n${parts.filter(Boolean).join(",\n")}\n}`;
}

export function cutAt(history, day, task, asksNow) {
  // What was known by a visit; what happened later is not read by the server. Of the last visit no day is asked for (`asksNow`), so that whoever was
  // treated, has progressed or died since has no risk, here as everywhere.
  return {
    ...history,
    task,
    landmark: asksNow ? undefined : day,
    measurements: history.measurements.filter((one) => (one.available_at ?? one.collected_at).slice(0, 10) <= day),
  };
}
