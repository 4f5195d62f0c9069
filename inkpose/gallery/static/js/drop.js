// Pictures that come in: dropped, chosen or pasted.
import { h } from "./dom.js";

const isPicture = (file) => file.type.startsWith("image/") || /\.(png|jpe?g|webp|bmp|gif|tiff?|avif)$/i.test(file.name);

// Everything dropped, also what only claims to be a picture: the server says what is wrong with it.
function filesOf(transfer) {
  const files = [...(transfer?.files ?? [])];
  return files.some(isPicture) ? files.filter((file) => isPicture(file) || files.length === 1) : files;
}

// Lets `element` take dropped pictures; `active` says whether a picture pasted on the page is meant for it, too.
export function acceptPictures(element, onfiles, active) {
  let inside = 0;
  const over = (on) => element.toggleAttribute("data-over", on);
  element.addEventListener("dragenter", (event) => { event.preventDefault(); inside += 1; over(true); });
  element.addEventListener("dragleave", () => { inside -= 1; over(inside > 0); });
  element.addEventListener("dragover", (event) => event.preventDefault());
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    event.stopPropagation();
    inside = 0;
    over(false);
    const files = filesOf(event.dataTransfer);
    if (files.length) onfiles(files);
  });
  document.addEventListener("paste", (event) => {
    const files = filesOf(event.clipboardData).filter(isPicture);
    if (active() && files.length) onfiles(files);
  });
}

// A button that opens the file chooser.
export function chooser(content, onfiles, { multiple = true, primary = false } = {}) {
  const input = h("input", { type: "file", accept: "image/*", multiple, hidden: true, tabindex: "-1", "aria-label": "Pictures",
    onchange: () => { if (input.files.length) onfiles([...input.files]); input.value = ""; } });
  return h("span", {}, input,
    h("button", { type: "button", class: primary ? "primary" : "", onclick: () => input.click() }, content));
}
