/** The key for a server that requires one: it is kept until the tab is closed. */

import { field, h } from "./dom.js";

const NAME = "crosshead.key";

/** The key, or an empty text. */
export function readKey() {
  return sessionStorage.getItem(NAME) ?? "";
}

/**
 * Makes the button at the top open a dialog for the key; opens it when the server refuses a request.
 * @param {HTMLButtonElement} button
 * @param {() => void} onchange
 */
export function setUpKey(button, onchange) {
  const input = h("input", { type: "password", autocomplete: "off", spellcheck: false, required: true });
  const dialog = h("dialog", { className: "dialog", "aria-labelledby": "key-title" });
  const save = () => {
    sessionStorage.setItem(NAME, input.value.trim());
    dialog.close();
    onchange();
  };
  const form = h(
    "form",
    {
      method: "dialog",
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        save();
      },
    },
    h("h2", { id: "key-title" }, "Key of this server"),
    h("p", {}, "This server answers only with a key. Ask whoever runs it for one."),
    field("Key", input, "It is kept in this tab and forgotten when you close it."),
    h(
      "div",
      { className: "actions" },
      h("button", { type: "submit", className: "primary" }, "Use this key"),
      h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
    ),
  );
  dialog.append(form);
  document.body.append(dialog);
  const open = () => {
    button.hidden = false;
    input.value = readKey();
    if (!dialog.open) dialog.showModal();
  };
  button.addEventListener("click", open);
  document.addEventListener("crosshead:key", open);
  return {
    /** Shows the button, and asks for the key if there is none. */
    require() {
      button.hidden = false;
      if (!readKey()) open();
    },
  };
}
