/** What a view is doing or why it failed, shown in place; and work of which only the latest counts. */

import { isAborted, messageOf } from "./api.js";
import { h } from "./dom.js";

export class Feedback {
  constructor() {
    this.status = h("p", { className: "status", role: "status" });
    this.alert = h("div", { role: "alert" });
    this.element = h("div", { className: "feedback" }, this.status, this.alert);
    /** @type {AbortController | undefined} */
    this.controller = undefined;
  }

  /** @param {string} text */
  say(text) {
    this.status.textContent = text;
    this.alert.replaceChildren();
  }

  /** @param {string} text */
  fail(text) {
    this.status.textContent = "";
    this.alert.replaceChildren(h("p", { className: "error" }, text));
  }

  /** Stops the work in progress. */
  stop() {
    this.controller?.abort();
    this.controller = undefined;
    this.element.classList.remove("busy");
  }

  /**
   * Runs `work`, stops what ran before it, and shows an error in place.
   * @param {string} text what is being done
   * @param {(signal: AbortSignal) => Promise<string | void>} work its text is shown at the end
   */
  async run(text, work) {
    this.stop();
    const controller = new AbortController();
    this.controller = controller;
    this.element.classList.add("busy");
    this.say(text);
    try {
      const done = await work(controller.signal);
      if (this.controller === controller) this.say(done ?? "");
    } catch (error) {
      if (this.controller !== controller) return;
      if (isAborted(error)) this.say("Stopped.");
      else this.fail(messageOf(error));
    } finally {
      if (this.controller === controller) {
        this.controller = undefined;
        this.element.classList.remove("busy");
      }
    }
  }
}
