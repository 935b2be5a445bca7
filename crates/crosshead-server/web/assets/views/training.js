/** The view of training runs: their progress and curves, renewed while they train. */

import { get, messageOf } from "../api.js";
import { h } from "../dom.js";
import { count, duration, number } from "../format.js";
import { Charts } from "../training/charts.js";
import { Log } from "../training/log.js";

/** @typedef {import("../types.js").Run} Run */

/** Milliseconds between two looks at the runs. */
const INTERVAL = 2000;
/** Runs with a color of their own; more than that cannot be told apart. */
const COLORS = 6;

/** How the names of metrics start that are shown in the list. */
const MEASURED = ["valid_", "test_"];

/** @type {import("../types.js").View} */
export const training = {
  id: "training",
  name: "Training",
  serves: (info) => info.runs,
  missing: {
    what: "The server was started without a folder of training runs.",
    commands: ["crosshead serve --runs runs/"],
  },
  build,
};

/** @param {HTMLElement} panel */
function build(panel) {
  const charts = new Charts();
  const list = h("div", { className: "runs" });
  const status = h("div", { role: "status" });
  /** @type {Map<string, Log>} */
  const logs = new Map();
  /** The shown runs, by their color. @type {(string | undefined)[]} */
  const shown = Array.from({ length: COLORS }, () => undefined);
  /** @type {Map<string, ReturnType<typeof row>>} */
  const rows = new Map();
  let isVisible = false;
  let isFirst = true;

  const toggle = (/** @type {string} */ name, /** @type {boolean} */ on) => {
    const at = shown.indexOf(on ? undefined : name);
    if (at < 0) {
      status.replaceChildren(h("p", { className: "note" }, `At most ${COLORS} runs can be shown at once.`));
    } else {
      shown[at] = on ? name : undefined;
    }
    void renew();
  };
  const renew = async () => {
    try {
      /** @type {Run[]} */
      const runs = await get("api/runs");
      if (isFirst && runs.length > 0) {
        shown[0] = (runs.find(({ finished }) => !finished) ?? runs[0]).name;
        isFirst = false;
      }
      if (runs.length === 0) status.replaceChildren(h("p", { className: "note" }, "There are no runs yet. They appear here as soon as one starts."));
      for (const run of runs) {
        if (!rows.has(run.name)) rows.set(run.name, row(run.name, (on) => toggle(run.name, on)));
        const log = logs.get(run.name) ?? new Log(run.name);
        logs.set(run.name, log);
        if (shown.includes(run.name)) await log.renew();
        rows.get(run.name)?.show(run, log, shown.indexOf(run.name));
      }
      const elements = runs.map(({ name }) => rows.get(name)?.element).filter((element) => element !== undefined);
      if (elements.some((element, index) => list.children[index] !== element)) list.replaceChildren(...elements);
      charts.show(shown.map((name) => (name === undefined ? undefined : logs.get(name))));
      if (status.querySelector(".error")) status.replaceChildren();
    } catch (error) {
      status.replaceChildren(h("p", { className: "error" }, messageOf(error)));
    }
  };
  const loop = async () => {
    while (isVisible) {
      if (document.visibilityState === "visible") await renew();
      await new Promise((resolve) => setTimeout(resolve, INTERVAL));
    }
  };
  document.addEventListener("crosshead:theme", () => charts.redraw());
  panel.append(h("h1", {}, "Training"), status, list, charts.element);
  return {
    show() {
      if (isVisible) return;
      isVisible = true;
      void loop();
    },
    hide() {
      isVisible = false;
    },
  };
}

/** A run in the list. @param {string} name @param {(on: boolean) => void} ontoggle */
function row(name, ontoggle) {
  const box = h("input", { type: "checkbox", onchange: () => ontoggle(box.checked) });
  const swatch = h("span", { className: "swatch", "aria-hidden": true });
  const bar = h("progress", { "aria-label": `Progress of ${name}` });
  const steps = h("span", { className: "number" });
  const facts = h("span", { className: "hint" });
  const label = h("label", { className: "run-name" }, box, swatch, h("b", {}, name));
  const element = h("div", { className: "run" }, label, h("div", { className: "run-progress" }, bar, steps), facts);
  return {
    element,
    /** @param {Run} run @param {Log} log @param {number} color */
    show(run, log, color) {
      box.checked = color >= 0;
      swatch.className = color >= 0 ? `swatch curve-${color}` : "swatch";
      const all = run.steps ?? Math.max(1, run.step);
      bar.max = all;
      bar.value = run.step;
      steps.textContent = run.steps === null ? `${count(run.step)} steps` : `${count(run.step)} / ${count(all)} steps`;
      const left = run.finished ? null : log.secondsLeft(all);
      const state = run.finished ? "finished" : left === null ? "not finished" : `about ${duration(left)} left at this speed`;
      const metrics = Object.entries(run.metrics)
        .filter(([metric]) => MEASURED.some((start) => metric.startsWith(start)))
        .map(([metric, value]) => `${metric.replaceAll("_", " ")} ${number(value)}`);
      facts.textContent = [run.task, state, ...metrics].filter(Boolean).join(" · ");
    },
  };
}
