// A field for tags with suggestions: "kimono -hat" asks for one and rules the other out.
import { h } from "./dom.js";

const MOST = 8;

export function tagField(oninput) {
  let known = []; // [name, count], most frequent first
  let marked = -1;
  const list = h("ul", { class: "suggestions card", id: "tag-suggestions", role: "listbox", hidden: true });
  const input = h("input", { type: "search", id: "tag-field", placeholder: "Tags, e.g. long_hair -hat", autocomplete: "off", autocapitalize: "none", spellcheck: "false",
    role: "combobox", "aria-autocomplete": "list", "aria-controls": "tag-suggestions", "aria-expanded": "false" });
  const element = h("div", { class: "tag-field" },
    h("label", { class: "unseen", for: "tag-field" }, "Tags"), input, list);

  const word = () => input.value.slice(0, input.selectionStart).split(/[\s,]+/).at(-1);

  function suggest() {
    const typed = word().replace(/^-/, "").toLowerCase();
    const found = typed ? known.filter(([name]) => name.includes(typed) && name !== typed)
      .sort((a, b) => b[0].startsWith(typed) - a[0].startsWith(typed)).slice(0, MOST) : [];
    marked = -1;
    list.replaceChildren(...found.map(([name, count], i) => h("li", { role: "option", id: `tag-${i}`, onpointerdown: (event) => { event.preventDefault(); take(name); } },
      h("span", {}, name.replaceAll("_", " ")), h("span", { class: "note" }, count.toLocaleString("en")))));
    open(found.length > 0);
  }

  function open(on) {
    list.hidden = !on;
    input.setAttribute("aria-expanded", String(on));
    if (!on) input.removeAttribute("aria-activedescendant");
  }

  function take(name) {
    const start = input.selectionStart - word().length;
    const minus = word().startsWith("-") ? "-" : "";
    input.value = `${input.value.slice(0, start)}${minus}${name} ${input.value.slice(input.selectionStart).trimStart()}`;
    open(false);
    oninput();
  }

  input.addEventListener("input", () => { suggest(); oninput(); });
  input.addEventListener("blur", () => open(false));
  input.addEventListener("keydown", (event) => {
    const options = [...list.children];
    if (list.hidden || !options.length) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      marked = (marked + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length;
      options.forEach((option, i) => option.setAttribute("aria-selected", String(i === marked)));
      input.setAttribute("aria-activedescendant", `tag-${marked}`);
    } else if (event.key === "Enter" && marked >= 0) options[marked].dispatchEvent(new PointerEvent("pointerdown", { cancelable: true }));
    else if (event.key === "Escape") open(false);
    else return;
    event.preventDefault();
  });

  return {
    element,
    // Half-typed minus signs are not sent.
    value: () => input.value.split(/[\s,]+/).filter((part) => part && part !== "-").join(" "),
    set(text) { input.value = text; },
    know(counts) { known = counts; },
  };
}
