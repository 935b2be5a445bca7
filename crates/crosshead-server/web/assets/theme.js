/** Dark and light: the system's choice, or one of this browser. */

const NAME = "crosshead.theme";

/** @param {HTMLSelectElement} list */
export function setUpTheme(list) {
  list.value = localStorage.getItem(NAME) ?? "auto";
  apply(list.value);
  list.addEventListener("change", () => {
    if (list.value === "auto") localStorage.removeItem(NAME);
    else localStorage.setItem(NAME, list.value);
    apply(list.value);
    announce();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", announce);
}

/** @param {string} theme */
function apply(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** Tells drawings with colors of their own. */
function announce() {
  document.dispatchEvent(new CustomEvent("crosshead:theme"));
}

/** A color of the current theme. @param {string} name such as `--accent` */
export function color(name) {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
