// Skeletons as SVG. The order of joints is COCO's, told by the server; left and right are the character's own.
import { s } from "./dom.js";

export const schema = { names: [], edges: [], flip: [] };

export function setSchema(told) {
  Object.assign(schema, told);
}

export function side(joint) {
  const name = schema.names[joint];
  return name.startsWith("left") ? "left" : name.startsWith("right") ? "right" : "middle";
}

export function boneSide(a, b) {
  const [first, second] = [side(a), side(b)];
  if (first === second) return first;
  return first === "middle" ? second : second === "middle" ? first : "middle";
}

export const jointLabel = (joint) => schema.names[joint].replace("_", " ");

// The extent of the joints that are there: [x1, y1, x2, y2], or null.
export function extent(keypoints) {
  const there = keypoints.filter(Boolean);
  if (!there.length) return null;
  const [xs, ys] = [there.map((p) => p[0]), there.map((p) => p[1])];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

// Draws keypoints (rows [x, y, score] or null) in their own coordinates; `unit` is the width of a thin stroke.
export function skeleton(keypoints, unit, { least = 0, titles = false } = {}) {
  const at = keypoints.map((point) => (point && (point[2] ?? 1) >= least ? point : null));
  const bones = schema.edges.filter(([a, b]) => at[a] && at[b]);
  const line = ([a, b], name, extra) => s("line", {
    x1: at[a][0], y1: at[a][1], x2: at[b][0], y2: at[b][1], class: name,
    "stroke-width": unit * (Math.min(a, b) < 5 ? 1.1 : 2.4) + extra,
  });
  return s("g", { class: "skeleton" },
    s("g", { opacity: .85 }, bones.map((bone) => line(bone, "rim", unit * 1.3))),
    bones.map((bone) => line(bone, boneSide(...bone), 0)),
    at.map((point, joint) => point && s("circle", {
      cx: point[0], cy: point[1], r: unit * (joint < 5 ? 1.5 : 2.5), class: side(joint), "stroke-width": unit * .7,
    }, titles && s("title", {}, `${jointLabel(joint)}, ${Math.round(100 * (point[2] ?? 1))} %`))));
}

// A figure as one sketches it: a head on a neck instead of the bones from ears to shoulders.
export function sketch(keypoints) {
  const head = headOf(keypoints);
  const [left, right] = [keypoints[5], keypoints[6]];
  const bones = schema.edges.filter(([a, b]) => Math.min(a, b) >= 5 && keypoints[a] && keypoints[b])
    .map(([a, b]) => ({ from: keypoints[a], to: keypoints[b], side: boneSide(a, b) }));
  if (head && left && right) {
    const neck = [(left[0] + right[0]) / 2, (left[1] + right[1]) / 2];
    const [dx, dy] = [head.x - neck[0], head.y - neck[1]];
    const share = Math.max(0, 1 - head.r / Math.max(Math.hypot(dx, dy), 1e-6));
    bones.push({ from: neck, to: [neck[0] + dx * share, neck[1] + dy * share], side: "middle" });
  }
  return { head, bones };
}

function headOf(keypoints) {
  const face = keypoints.slice(0, 5).filter(Boolean);
  if (face.length < 2) return null;
  const [x, y] = [0, 1].map((axis) => face.reduce((sum, point) => sum + point[axis], 0) / face.length);
  const reach = Math.max(...face.map((point) => Math.hypot(point[0] - x, point[1] - y)));
  return { x, y, r: reach * 1.28 };
}

// A stroke for a figure in a frame of this size that keeps small figures fine and large ones clear.
export function strokeUnit(keypoints, frameLongSide) {
  const box = extent(keypoints);
  const long = box ? Math.max(box[2] - box[0], box[3] - box[1]) : frameLongSide;
  const unit = frameLongSide / 260;
  return Math.min(unit, Math.max(long / 130, unit * .45));
}

export function mirrored(keypoints, axis) {
  return schema.flip.map((other) => keypoints[other] && [2 * axis - keypoints[other][0], ...keypoints[other].slice(1)]);
}
