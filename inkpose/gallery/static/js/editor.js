// The stick figure that one searches with: every joint can be dragged, or moved with the arrow keys.
import { h, s, say } from "./dom.js";
import { jointLabel, mirrored, schema, side, sketch } from "./skeleton.js";
import { FIGURES, SHEET, onSheet } from "./figures.js";

// What moves along when a joint is moved.
const CARRIED = {
  nose: ["left_eye", "right_eye", "left_ear", "right_ear"],
  left_shoulder: ["left_elbow", "left_wrist"], right_shoulder: ["right_elbow", "right_wrist"], left_elbow: ["left_wrist"], right_elbow: ["right_wrist"],
  left_hip: ["left_knee", "left_ankle"], right_hip: ["right_knee", "right_ankle"], left_knee: ["left_ankle"], right_knee: ["right_ankle"],
};
const UNDO = 60;

export function createEditor(onchange) {
  let joints = FIGURES.Standing.map((point) => ({ x: point[0], y: point[1], there: true }));
  const past = [];

  const ghost = s("image", { class: "ghost", hidden: true });
  const bones = s("g", { class: "skeleton bones" });
  const handles = s("g", { class: "handles" });
  const canvas = s("svg", { class: "sheet", viewBox: `0 0 ${SHEET.width} ${SHEET.height}`, role: "group",
    "aria-label": "Stick figure. Tab to a joint; arrow keys move it, Delete leaves it out." }, ghost, bones, handles);

  const nodes = schema.names.map((name, joint) => {
    const small = joint < 5;
    const node = s("g", { class: `joint ${side(joint)}${small ? " small" : ""}`, tabindex: "0", role: "button", "data-joint": name },
      s("circle", { class: "reach", r: small ? 9 : 15 }), s("circle", { class: "dot", r: small ? 4 : 6.5 }));
    node.addEventListener("pointerdown", (event) => drag(event, joint));
    node.addEventListener("keydown", (event) => key(event, joint));
    node.addEventListener("dblclick", () => leaveOut(joint));
    return node;
  });
  // Small joints first: what lies in front is what is drawn last, and limbs are what one reaches for.
  handles.append(...nodes);

  function draw() {
    bones.replaceChildren(...drawSketch(joints.map(({ x, y, there }) => there && [x, y]), 7));
    nodes.forEach((node, joint) => {
      const { x, y, there } = joints[joint];
      node.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
      node.toggleAttribute("data-absent", !there);
      node.setAttribute("aria-label", `${jointLabel(joint)}${there ? `, ${Math.round(x)} across, ${Math.round(y)} down` : ", left out"}`);
    });
  }

  const remember = () => {
    past.push(joints.map((joint) => ({ ...joint })));
    if (past.length > UNDO) past.shift();
  };

  function move(joint, dx, dy, alone) {
    const names = alone ? [] : CARRIED[schema.names[joint]] ?? [];
    for (const index of [joint, ...names.map((name) => schema.names.indexOf(name))]) {
      joints[index].x = Math.min(SHEET.width - 4, Math.max(4, joints[index].x + dx));
      joints[index].y = Math.min(SHEET.height - 4, Math.max(4, joints[index].y + dy));
    }
  }

  function drag(event, joint) {
    if (event.button) return;
    event.preventDefault();
    const node = nodes[joint];
    node.focus({ preventScroll: true });
    node.setPointerCapture(event.pointerId);
    node.setAttribute("data-held", "");
    remember();
    let moved = false;
    const toSheet = () => canvas.getScreenCTM().inverse();
    let last = new DOMPoint(event.clientX, event.clientY).matrixTransform(toSheet());
    const follow = (now) => {
      const point = new DOMPoint(now.clientX, now.clientY).matrixTransform(toSheet());
      if (!joints[joint].there) joints[joint].there = true;
      move(joint, point.x - last.x, point.y - last.y, now.altKey || now.shiftKey);
      [last, moved] = [point, true];
      draw();
    };
    const held = new AbortController();
    const end = () => {
      held.abort();
      node.removeAttribute("data-held");
      if (moved) onchange();
      else past.pop();
    };
    node.addEventListener("pointermove", follow, { signal: held.signal });
    for (const name of ["pointerup", "pointercancel"]) node.addEventListener(name, end, { signal: held.signal });
  }

  function key(event, joint) {
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const arrow = arrows[event.key];
    if (arrow) {
      const reach = event.shiftKey ? 20 : 4;
      if (!event.repeat) remember();
      move(joint, arrow[0] * reach, arrow[1] * reach, event.altKey);
      draw();
      onchange();
    } else if (event.key === "z" && (event.ctrlKey || event.metaKey)) undo();
    else if (["Delete", "Backspace", "Enter", " "].includes(event.key)) leaveOut(joint);
    else return;
    event.preventDefault();
    say(nodes[joint].getAttribute("aria-label"));
  }

  function leaveOut(joint) {
    remember();
    joints[joint].there = !joints[joint].there;
    draw();
    onchange();
  }

  function undo() {
    if (!past.length) return;
    joints = past.pop();
    draw();
    onchange();
  }

  // Takes a pose of any frame; `picture` { href, region_xywh } lies behind it, in the pose's frame.
  function set(keypoints, picture = null) {
    remember();
    const placed = onSheet(keypoints);
    const known = keypoints.findIndex(Boolean);
    const rest = onSheet(FIGURES.Standing);
    joints = schema.names.map((_, i) => (placed[i] ? { x: placed[i][0], y: placed[i][1], there: true } : { x: rest[i][0], y: rest[i][1], there: false }));
    ghost.toggleAttribute("hidden", !picture || known < 0);
    if (picture && known >= 0) {
      const scale = scaleOf(keypoints, placed);
      const [x, y, w, h2] = picture.region_xywh;
      const at = (value, axis) => placed[known][axis] + (value - keypoints[known][axis]) * scale;
      for (const [name, value] of Object.entries({ href: picture.href, x: at(x, 0), y: at(y, 1), width: w * scale, height: h2 * scale, preserveAspectRatio: "none" })) ghost.setAttribute(name, value);
    }
    draw();
    onchange();
  }

  draw();
  return {
    element: h("div", { class: "sheet-frame" }, canvas),
    set,
    mirror() {
      const rows = mirrored(joints.map(({ x, y, there }) => [x, y, there]), SHEET.width / 2);
      remember();
      joints = rows.map(([x, y, there]) => ({ x, y, there }));
      ghost.toggleAttribute("hidden", true);
      draw();
      onchange();
    },
    undo,
    keypoints: () => joints.map(({ x, y, there }) => (there ? [Number(x.toFixed(2)), Number(y.toFixed(2)), 1] : null)),
  };
}

// Bones and head as lines of this width.
export function drawSketch(keypoints, width) {
  const { head, bones } = sketch(keypoints);
  return [
    head && s("circle", { class: "head", cx: head.x, cy: head.y, r: head.r, "stroke-width": width * .55 }),
    ...bones.map(({ from, to, side: name }) => s("line", { x1: from[0], y1: from[1], x2: to[0], y2: to[1], class: name, "stroke-width": width })),
  ].filter(Boolean);
}

function scaleOf(from, to) {
  let [before, after] = [0, 0];
  const first = from.findIndex(Boolean);
  from.forEach((point, i) => {
    if (!point) return;
    before += Math.hypot(point[0] - from[first][0], point[1] - from[first][1]);
    after += Math.hypot(to[i][0] - to[first][0], to[i][1] - to[first][1]);
  });
  return before > 0 ? after / before : 1;
}
