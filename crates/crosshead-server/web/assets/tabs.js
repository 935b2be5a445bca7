/** The tabs of the page: one panel at a time, built when it is first shown, and named in the address. */

import { h } from "./dom.js";
import { missing } from "./missing.js";

/**
 * @typedef {import("./types.js").View} View
 * @typedef {import("./types.js").Info} Info
 * @typedef {{ view: View, tab: HTMLElement, panel: HTMLElement, built: boolean, show?: () => void, hide?: () => void }} Entry
 */

/**
 * @param {HTMLElement} list
 * @param {HTMLElement} panels
 * @param {View[]} views
 * @param {Info} info
 */
export function setUpTabs(list, panels, views, info) {
  /** @type {Entry[]} */
  const entries = views.map((view) => {
    const id = `panel-${view.id}`;
    const served = view.serves(info);
    const tab = h(
      "button",
      { type: "button", role: "tab", id: `tab-${view.id}`, className: served ? "" : "unserved", "aria-controls": id },
      view.name,
      served ? null : h("span", { className: "visually-hidden" }, " (no model)"),
    );
    const panel = h("section", { role: "tabpanel", id, "aria-labelledby": tab.id, hidden: true, className: "panel" });
    return { view, tab, panel, built: false };
  });
  list.replaceChildren(...entries.map(({ tab }) => tab));
  panels.replaceChildren(...entries.map(({ panel }) => panel));

  /** @type {Entry | undefined} */
  let current;
  const select = (/** @type {Entry} */ entry) => {
    if (entry === current) return;
    current?.hide?.();
    current = entry;
    for (const { tab, panel } of entries) {
      const selected = tab === entry.tab;
      tab.setAttribute("aria-selected", String(selected));
      tab.tabIndex = selected ? 0 : -1;
      panel.hidden = !selected;
    }
    if (!entry.built) {
      entry.built = true;
      const { view, panel } = entry;
      if (view.serves(info)) Object.assign(entry, view.build(panel, info) ?? {});
      else panel.append(missing(view));
    }
    entry.show?.();
    document.title = `${entry.view.name} – Crosshead`;
    entry.tab.scrollIntoView({ block: "nearest", inline: "center" });
  };
  const fromAddress = () => {
    const id = location.hash.slice(1);
    return entries.find(({ view }) => view.id === id);
  };
  const open = (/** @type {Entry} */ entry) => {
    if (fromAddress() === entry) select(entry);
    else location.hash = entry.view.id;
  };
  for (const entry of entries) entry.tab.addEventListener("click", () => open(entry));
  list.addEventListener("keydown", (event) => {
    const { key } = event;
    const at = entries.findIndex((entry) => entry === current);
    const move = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: entries.length - 1 }[key];
    if (move === undefined) return;
    event.preventDefault();
    const next = entries[(move + entries.length) % entries.length];
    open(next);
    next.tab.focus();
  });
  // The link that skips to the content also changes the address.
  window.addEventListener("hashchange", () => {
    const entry = fromAddress();
    if (entry) select(entry);
  });
  const first = fromAddress() ?? entries.find(({ view }) => view.serves(info)) ?? entries[0];
  select(first);
}
