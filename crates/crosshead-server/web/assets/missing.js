/** What a view shows if no loaded model can do its task. */

import { h } from "./dom.js";

/** @param {import("./types.js").View} view */
export function missing({ name, missing: { what, commands } }) {
  return h(
    "div",
    { className: "missing" },
    h("h1", {}, name),
    h("p", {}, what),
    h("p", {}, "Start the server with, for example:"),
    ...commands.map((command) => h("pre", { tabIndex: 0, role: "group", "aria-label": "Command" }, h("code", {}, command))),
    h("p", { className: "hint" }, h("code", {}, "--model"), " can be given several times; ", h("code", {}, "NAME=PATH"), " gives a model a name."),
  );
}
