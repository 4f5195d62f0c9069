// The picture that is looked at, with what was seen of it in layers on top.
import { h, s, segments, toggle } from "./dom.js";
import { skeleton, strokeUnit } from "./skeleton.js";

// `onlost` is called when the server no longer has the picture.
export function createStage(onlost) {
  const show = { base: "picture", joints: true, boxes: true };
  let look = null;
  let chosen = null; // a character's number, or null for all
  let least = 0;

  const picture = h("img", { class: "layer base", alt: "", onerror: () => onlost() });
  const cutout = h("img", { class: "layer cutout", alt: "" });
  const lines = s("svg", { class: "layer lines", role: "img" });
  const frame = h("div", { class: "frame" }, picture, cutout, lines);
  const base = segments("Background", { picture: "Picture", cutout: "Cut-out" }, show.base, (key) => {
    show.base = key;
    draw();
  });
  const joints = toggle("Skeleton", true, (on) => { show.joints = on; draw(); });
  const boxes = toggle("Boxes", true, (on) => { show.boxes = on; draw(); });
  const element = h("div", { class: "stage card" },
    h("div", { class: "row stage-bar" }, base.element, h("span", { class: "push" }), joints.element, boxes.element), frame);

  function draw() {
    if (!look) return;
    const seen = look.result;
    const number = chosen === null ? "" : `&n=${chosen}`;
    frame.dataset.base = show.base;
    frame.style.setProperty("aspect-ratio", `${seen.width} / ${seen.height}`);
    frame.style.setProperty("--ratio", seen.width / seen.height);
    setSource(picture, `api/looks/${seen.key}/picture`);
    picture.alt = seen.name;
    cutout.hidden = !seen.characters.length;
    if (seen.characters.length) setSource(cutout, `api/looks/${seen.key}/cutout?mask=${look.mask}${number}`);
    lines.setAttribute("viewBox", `0 0 ${seen.width} ${seen.height}`);
    lines.setAttribute("aria-label", `${seen.characters.length} characters with their skeletons`);
    const long = Math.max(seen.width, seen.height);
    lines.replaceChildren(...seen.characters.flatMap((character, i) => {
      if (chosen !== null && chosen !== i) return [];
      return [
        show.boxes && corners(character.box_xyxy, long / 260),
        show.joints && skeleton(character.keypoints, strokeUnit(character.keypoints, long), { least, titles: true }),
      ].filter(Boolean);
    }));
  }

  return {
    element,
    update(shown, number, leastScore) {
      [look, chosen, least] = [shown, number, leastScore];
      draw();
    },
  };
}

function setSource(image, source) {
  if (image.getAttribute("src") !== source) image.setAttribute("src", source);
}

// A box as four corners: it shows the extent and hides little of the drawing.
function corners([x1, y1, x2, y2], unit) {
  const reach = Math.min(x2 - x1, y2 - y1) * .16;
  const path = [[x1, y1, 1, 1], [x2, y1, -1, 1], [x2, y2, -1, -1], [x1, y2, 1, -1]]
    .map(([x, y, dx, dy]) => `M${x + dx * reach} ${y}H${x}V${y + dy * reach}`).join("");
  return s("g", { class: "corners" },
    s("path", { d: path, class: "dark", "stroke-width": unit * 2.3 }), s("path", { d: path, class: "light", "stroke-width": unit * 1.2 }));
}
