// Elements from code: text is always text, so nothing that a file or a tag is called can become markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, part] of Object.entries(value)) element.style.setProperty(key, part);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function h(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

export function s(tag, props = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

// An icon of strokes; `path` is the d of a path on a 24 × 24 grid.
export function icon(path) {
  return s("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, s("path", { d: path }));
}

export const ICONS = {
  add: "M12 5v14M5 12h14", close: "M6 6l12 12M18 6 6 18", save: "M12 4v11m0 0-4.5-4.5M12 15l4.5-4.5M5 19.5h14",
  find: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13Zm4.8-1.7L20 20", mirror: "M12 4v16M9 8 4.5 16H9zM15 8l4.5 8H15z",
  undo: "M8 5 4 9l4 4M4 9h10a5.5 5.5 0 0 1 0 11h-3", image: "M4 5h16v14H4zM4 16l5-5 4 4 2-2 5 4M15.5 9.5h.01",
  folder: "M3.5 18.5v-12h6l2 2.5h9v9.5z", body: "M12 8v6m0-4-4 2m4-2 4 2m-4 2-2.5 6m2.5-6 2.5 6M12 6.5a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6Z",
};

export function slider(label, { min, max, step, value, format, oninput, onchange }) {
  const told = h("span", { class: "value", "aria-hidden": "true" }, format(value));
  const input = h("input", { type: "range", min, max, step, value });
  const show = () => {
    told.textContent = format(Number(input.value));
    input.setAttribute("aria-valuetext", told.textContent);
    input.style.setProperty("--at", `${(100 * (input.value - min)) / (max - min)}%`);
  };
  input.addEventListener("input", () => { show(); oninput?.(Number(input.value)); });
  input.addEventListener("change", () => onchange?.(Number(input.value)));
  const element = h("label", { class: "slider" }, h("span", {}, label), told, input);
  show();
  return { element, input, set(number) { input.value = number; show(); } };
}

export function toggle(label, checked, onchange) {
  const input = h("input", { type: "checkbox", role: "switch", onchange: () => onchange(input.checked) });
  input.checked = checked;
  return { element: h("label", { class: "switch" }, input, label), input };
}

export function segments(label, choices, chosen, onchange) {
  const buttons = Object.entries(choices).map(([key, name]) =>
    h("button", { type: "button", "aria-pressed": String(key === chosen), onclick: () => pick(key) }, name));
  const pick = (key) => {
    Object.keys(choices).forEach((other, i) => buttons[i].setAttribute("aria-pressed", String(other === key)));
    onchange(key);
  };
  return { element: h("div", { class: "segments", role: "group", "aria-label": label }, buttons), pick };
}

// A line of text that stays until it is closed or a while has passed.
export function complain(message) {
  const toast = h("div", { class: "toast" }, h("span", {}, message),
    h("button", { class: "plain", type: "button", "aria-label": "Close message", onclick: () => toast.remove() }, icon(ICONS.close)));
  document.getElementById("toasts").append(toast);
  setTimeout(() => toast.remove(), 12000);
}

// For screen readers only.
export function say(text) {
  document.getElementById("spoken").textContent = text;
}

export function plural(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

// Calls `work` when calls have stopped coming for `milliseconds`.
export function settled(work, milliseconds) {
  let timer = 0;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...args), milliseconds);
  };
}
