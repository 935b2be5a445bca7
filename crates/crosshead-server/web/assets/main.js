/** Starts the page: asks the server what it has, and sets up the parts. */

import { get, messageOf } from "./api.js";
import { h } from "./dom.js";
import { setUpKey } from "./key.js";
import { setUpTabs } from "./tabs.js";
import { setUpTheme } from "./theme.js";
import { attention } from "./views/attention.js";
import { classify } from "./views/classify.js";
import { compare } from "./views/compare.js";
import { fillMask } from "./views/fill-mask.js";
import { generate } from "./views/generate.js";
import { similar } from "./views/similar.js";
import { summarize } from "./views/summarize.js";
import { training } from "./views/training.js";
import { translate } from "./views/translate.js";

const VIEWS = [translate, attention, summarize, classify, generate, fillMask, similar, compare, training];

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 */
function element(id, type) {
  const found = document.getElementById(id);
  if (found instanceof type) return found;
  throw new Error(`the page has no ${id}`);
}

const notice = element("notice", HTMLElement);
setUpTheme(element("theme", HTMLSelectElement));
let started = false;
const key = setUpKey(element("key-button", HTMLButtonElement), () => {
  if (!started) start();
});

async function start() {
  try {
    /** @type {import("./types.js").Info} */
    const info = await get("api/info");
    started = true;
    notice.replaceChildren();
    if (info.key_required) key.require();
    element("version", HTMLElement).textContent = `Crosshead ${info.version}`;
    setUpTabs(element("tabs", HTMLElement), element("panels", HTMLElement), VIEWS, info);
  } catch (error) {
    const again = h("button", { type: "button", onclick: () => start() }, "Try again");
    notice.replaceChildren(h("div", { className: "error" }, h("p", {}, messageOf(error)), again));
  }
}

await start();
