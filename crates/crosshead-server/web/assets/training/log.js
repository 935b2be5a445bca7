/** The log of a run, of which only the new rows are asked for. */

import { get } from "../api.js";

/** @typedef {import("../types.js").LogRow} LogRow */

/** Steps whose speed tells how long the rest takes. */
const RECENT = 50;

export class Log {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
    /** @type {LogRow[]} */
    this.rows = [];
  }

  /** Asks for the rows after the last one. */
  async renew() {
    const last = this.rows.at(-1)?.step ?? 0;
    // A validation has the step of the row before it, and may follow later.
    const after = Math.max(0, last - 1);
    const path = `api/runs/${encodeURIComponent(this.name)}/log?after=${after}`;
    /** @type {{ rows: LogRow[] }} */
    const { rows } = await get(path);
    this.rows = [...this.rows.filter(({ step }) => step <= after), ...rows];
  }

  /** The names of all values, without the step. */
  get names() {
    return [...new Set(this.rows.flatMap((row) => Object.keys(row)))].filter((name) => name !== "step");
  }

  /** The points of a curve. @param {string} name @returns {[number, number][]} */
  points(name) {
    return this.rows.flatMap((row) => (Number.isFinite(row[name]) ? [/** @type {[number, number]} */ ([row.step, row[name]])] : []));
  }

  /** How long the rest of the run takes at the speed of the last steps. @param {number} steps */
  secondsLeft(steps) {
    const times = this.points("seconds").slice(-RECENT);
    const [first, last] = [times[0], times.at(-1)];
    if (!first || !last || last[0] === first[0]) return null;
    const perStep = (last[1] - first[1]) / (last[0] - first[0]);
    return perStep >= 0 ? perStep * Math.max(0, steps - last[0]) : null;
  }
}
