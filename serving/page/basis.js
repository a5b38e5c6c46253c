// What a risk rests on: purpose, users, population, data, figures, limits, versions.
import { h, table, within } from "./dom.js";

export const peopleOf = ({ patients, people }) =>
  `${patients ?? "an unknown number of"} ${people === "unknown" ? "" : `${people} `}people`;
export function basisOf({ basis, model, ...answer }) {
  const figures = Object.entries(basis.validation)
    .filter(([name]) => !/_(lo|hi)$/.test(name))
    .map(([name, value]) => {
      const [, what, horizon] = /^(.*)_(\d+)m$/.exec(name) ?? [null, name, ""],
        ends = ["_lo", "_hi"].map((end) => basis.validation[name + end]);
      return [
        { auc: "AUC", oe_ratio: "Observed / expected", ici: "Calibration error (ICI)" }[what] ?? what,
        horizon && within(Number(horizon)),
        value.toFixed(3),
        ends.every((end) => end !== undefined) ? ends.map((end) => end.toFixed(3)).join(" to ") : "",
      ];
    });
  const items = (title, lines) => [
    h("h3", null, title),
    h(
      "ul",
      null,
      lines.map((one) => h("li", null, one)),
    ),
  ];
  const { data } = basis,
    versions = Object.entries({ ...basis.versions, run: model.run_id, features: model.feature_hash });
  return [
    h(
      "p",
      null,
      `Model ${model.model_name}, version ${model.model_version}${model.gate_verdict && `; the gate said: ${model.gate_verdict}`}.${answer.id ? ` Answer ${answer.id}.` : ""}`,
    ),
    h(
      "p",
      null,
      `For ${basis.population}. Outcome: ${basis.outcome}. Made from ${peopleOf(data)}, ${data.patients_with_the_event ?? "?"} of whom had the event.`,
    ),
    h(
      "details",
      null,
      h("summary", null, "Purpose, users, limits, figures, versions"),
      h(
        "div",
        { class: "scroll", tabindex: 0, role: "region", "aria-label": "Basis" },
        items("Intended use", basis.intended_use),
        items("Users", basis.intended_users),
        items("Not for", basis.not_for),
        items("Limits", basis.limits),
        figures.length > 0 && [
          h("h3", null, "Figures, people whom no fit has seen"),
          table(["Figure", "Within", "Value", "95 % interval"], figures),
        ],
        h("h3", null, "Versions"),
        h("p", null, versions.map((one) => one.join(" ")).join(", ")),
      ),
    ),
  ];
}
