/** Translates a file and offers the result for saving. */

import { upload } from "../api.js";
import { save } from "../download.js";
import { field, h } from "../dom.js";
import { Feedback } from "../feedback.js";
import { count } from "../format.js";

/** Formats that need nothing but the file; the server has the last word. */
const FORMATS = [".txt", ".md", ".html", ".htm", ".srt", ".vtt", ".po", ".docx"];

/** @typedef {{ model: string, from: string | null, to: string }} Direction */

export class DocumentForm {
  /**
   * @param {import("../types.js").Info} info
   * @param {() => Direction} direction
   */
  constructor(info, direction) {
    this.limit = info.limits.body_bytes;
    this.direction = direction;
    this.feedback = new Feedback();
    const input = h("input", { type: "file", accept: FORMATS.join(",") });
    input.addEventListener("change", () => {
      const file = input.files?.[0];
      if (file) void this.translate(file);
      input.value = "";
    });
    const hint = "Text, Markdown, HTML, subtitles (.srt, .vtt), PO and Word files keep their format. You can also drop a file on the text.";
    this.element = h(
      "details",
      { className: "box" },
      h("summary", {}, "Translate a document"),
      field("File", input, hint),
      this.feedback.element,
    );
  }

  /** Lets files be dropped on an element. @param {HTMLElement} target */
  acceptDrops(target) {
    const carriesFile = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files") ?? false;
    target.addEventListener("dragover", (event) => {
      if (!carriesFile(event)) return;
      event.preventDefault();
      target.classList.add("dropping");
    });
    target.addEventListener("dragleave", () => target.classList.remove("dropping"));
    target.addEventListener("drop", (event) => {
      if (!carriesFile(event)) return;
      event.preventDefault();
      target.classList.remove("dropping");
      const file = event.dataTransfer?.files[0];
      if (file) void this.translate(file);
    });
  }

  /** @param {File} file */
  async translate(file) {
    this.element.open = true;
    if (file.size > this.limit) {
      this.feedback.fail(`${file.name} has ${count(file.size)} bytes; this server accepts ${count(this.limit)}.`);
      return;
    }
    await this.feedback.run(`Translating ${file.name}…`, async (signal) => {
      const { model, from, to } = this.direction();
      const form = new FormData();
      form.append("model", model);
      form.append("from", from ?? "auto");
      if (to) form.append("to", to);
      form.append("file", file, file.name);
      const response = await upload("api/document", form, signal);
      const name = renamed(file.name, to);
      save(await response.blob(), name);
      return `Saved as ${name}.`;
    });
  }
}

/** The name of the translated file: `notes.txt` becomes `notes.de.txt`. @param {string} name @param {string} to */
function renamed(name, to) {
  const dot = name.lastIndexOf(".");
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
  return `${stem}.${to || "translated"}${ending}`;
}
