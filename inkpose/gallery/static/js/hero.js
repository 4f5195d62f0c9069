// The empty *Look*: a large sheet of paper that takes pictures, and a figure that finds its joints.
import { h, s } from "./dom.js";
import { skeleton } from "./skeleton.js";

// A dancer in three quarters, on 360 × 440.
const FIGURE = [
  [196, 92], [206, 82], [186, 84], [218, 88], [174, 92], [232, 142], [160, 150], [286, 112], [112, 190], [322, 62], [70, 148],
  [222, 256], [170, 258], [262, 332], [150, 342], [316, 392], [132, 424],
].map((point) => [...point, 1]);

// The wooden mannequin around it: limbs from joint to joint, each with its width.
const LIMBS = [[5, 7, 28], [7, 9, 22], [6, 8, 28], [8, 10, 22], [11, 13, 40], [13, 15, 28], [12, 14, 40], [14, 16, 28]];

function mannequin() {
  const at = (joint) => FIGURE[joint].slice(0, 2).join(" ");
  const trunk = `M${at(5)}L${at(11)}L${at(12)}L${at(6)}Z`;
  const parts = (extra, name) => [
    ...LIMBS.map(([a, b, width]) => s("path", { class: name, d: `M${at(a)}L${at(b)}`, "stroke-width": width + extra })),
    s("path", { class: name, d: "M196 150V116", "stroke-width": 20 + extra }),
    s("path", { class: `${name} trunk`, d: trunk, "stroke-width": 30 + extra }),
    s("ellipse", { class: `${name} trunk`, cx: 196, cy: 78, rx: 36, ry: 44, "stroke-width": extra }),
  ];
  return s("g", { class: "mannequin" }, parts(5, "edge"), parts(0, "wood"));
}

export function hero(actions) {
  const art = s("svg", { class: "hero-art", viewBox: "0 10 380 450", "aria-hidden": "true" },
    mannequin(), skeleton(FIGURE, 2.3));
  return h("div", { class: "hero card" },
    h("div", { class: "hero-words" },
      h("h1", {}, "Drop a drawing. See its bones."),
      h("p", { class: "lead" }, "Tags, a clean cut-out and the pose of every character. Then find other drawings that stand, sit or fly the same way."),
      actions,
      h("p", { class: "note" }, "Everything is computed here. No picture leaves this computer.")),
    art);
}
