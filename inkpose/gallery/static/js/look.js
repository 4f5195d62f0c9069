// *Look*: drop a picture; see its tags, its cut-out and its pose.
import { api } from "./api.js";
import { ICONS, complain, h, icon, plural, say, segments, settled, slider } from "./dom.js";
import { acceptPictures, chooser } from "./drop.js";
import { createStage } from "./stage.js";
import { tagGroups, toldTags } from "./tags.js";
import { hero } from "./hero.js";

const KEPT = 24;

export function createLook(root, { findPose }) {
  const looks = []; // { file, url, state: "waiting" | "seen" | "failed", error, mask, result }
  let current = null;
  let chosen = null;
  let tagLimit = null;
  let leastScore = 0;
  let working = false;

  const stage = createStage(() => {
    if (current?.state !== "seen" || current.lost === current.result.key) return;
    current.lost = current.result.key; // once for each time it was seen
    see(current);
  });
  const strip = h("div", { class: "strip", role: "group", "aria-label": "Pictures looked at" });
  const another = chooser(h("span", { class: "more-pictures" }, icon(ICONS.add), h("span", { class: "unseen" }, "Look at more pictures")), take);
  const head = h("div", { class: "look-head" });
  const people = h("div", { class: "row", role: "group", "aria-label": "Characters" });
  const saves = h("div", { class: "row saves" });
  const tags = h("div", { class: "tags" });
  const tagSlider = slider("Tags above", { min: .05, max: .95, step: .01, value: .5, format: percent,
    oninput: (value) => { tagLimit = value; drawTags(); } });
  const tagMode = segments("Tag threshold", { own: "Tuned", all: "One for all" }, "own", (key) => {
    tagLimit = key === "own" ? null : Number(tagSlider.input.value);
    tagSlider.element.hidden = tagLimit === null;
    drawTags();
  });
  tagSlider.element.hidden = true;
  const lookAgain = settled(async (look, value) => {
    try {
      const result = await api.lookAgain(look.result.key, value);
      if (look.wanted !== value) return;
      Object.assign(look, { result, mask: value });
    } catch (error) {
      if (error.status === 404) return see(look); // the server has forgotten it: we have not
      complain(error.message);
    }
    if (look === current) draw();
  }, 160);
  const maskSlider = slider("Outline: character above", { min: .05, max: .95, step: .05, value: .5, format: percent,
    oninput: (value) => { if (current?.result) { current.wanted = value; lookAgain(current, value); } } });
  const jointSlider = slider("Joints surer than", { min: 0, max: .95, step: .05, value: 0, format: percent,
    oninput: (value) => { leastScore = value; stage.update(current, chosen, leastScore); } });

  const panel = h("div", { class: "panel" },
    h("div", { class: "card block" }, head, people, saves),
    h("div", { class: "card block sliders" }, maskSlider.element, jointSlider.element),
    h("div", { class: "card block" }, h("div", { class: "row" }, h("h2", {}, "Tags"), h("span", { class: "push" }), tagMode.element), tagSlider.element, tags));
  const work = h("div", { class: "look", hidden: true }, h("div", { class: "side" }, stage.element, strip), panel);
  const opening = hero(h("div", { class: "row" }, chooser([icon(ICONS.image), "Choose pictures"], take, { primary: true }),
    h("span", { class: "note" }, "or drop them anywhere here, or paste one")));
  root.append(opening, work);
  acceptPictures(root, take, () => !root.hidden);

  function take(files) {
    for (const file of files) looks.unshift({ file, url: URL.createObjectURL(file), state: "waiting", mask: .5, wanted: .5 });
    for (const old of looks.splice(KEPT)) URL.revokeObjectURL(old.url);
    if (!current || current.state === "failed") choose(looks[0]);
    drawStrip();
    next();
  }

  // One picture after the other: the nets see one at a time anyway.
  async function next() {
    const look = looks.findLast((item) => item.state === "waiting");
    if (working || !look) return;
    working = true;
    await see(look);
    working = false;
    next();
  }

  async function see(look) {
    look.state = "waiting";
    drawStrip();
    try {
      look.result = await api.look(look.file, look.wanted);
      look.mask = look.wanted;
      look.state = "seen";
      say(`${look.result.name}: ${plural(look.result.characters.length, "character")} found`);
    } catch (error) {
      Object.assign(look, { state: "failed", error: error.message });
      complain(error.message);
    }
    if (look.state === "seen" && (!current || current === look || current.state !== "seen")) choose(look);
    else drawStrip();
  }

  function choose(look) {
    current = look;
    chosen = null;
    maskSlider.set(look.mask);
    draw();
  }

  function draw() {
    const seen = current?.state === "seen";
    opening.hidden = Boolean(current);
    work.hidden = !current;
    panel.toggleAttribute("data-waiting", !seen);
    drawStrip();
    if (!seen) return;
    const { result } = current;
    if (chosen !== null && chosen >= result.characters.length) chosen = null;
    head.replaceChildren(h("h2", { class: "name" }, result.name), h("p", { class: "note" }, `${result.width} × ${result.height} px · ${summary(result)}`));
    people.hidden = result.characters.length < 2;
    people.replaceChildren(...[null, ...result.characters.keys()].map((number) => h("button", { type: "button", class: "chip",
      "aria-pressed": String(number === chosen), onclick: () => { chosen = number; draw(); } }, number === null ? "All" : `Character ${number + 1}`)));
    drawSaves(result);
    drawTags();
    stage.update(current, chosen, leastScore);
  }

  function drawSaves(result) {
    const number = chosen === null ? "" : `&n=${chosen}`;
    const mask = `mask=${current.mask}`;
    const one = chosen ?? 0;
    const some = result.characters.length > 0;
    const link = (path, label, title) => h("a", { class: "button", href: `api/looks/${result.key}/${path}`, download: "", title }, icon(ICONS.save), label);
    saves.replaceChildren(...[
      some && h("button", { type: "button", class: "primary", onclick: () => findPose(result, one) }, icon(ICONS.find), "Find this pose"),
      some && link(`cutout.png?${mask}${number}`, "Cut-out", "PNG with transparency, full size"),
      some && h("button", { type: "button", title: "A folder for AnimatedDrawings, zipped: texture, mask and joints", onclick: () => saveRig(result.key, one) }, icon(ICONS.save), "Rig"),
      h("a", { class: "button", href: resultAddress(), download: "", title: "Tags, boxes and joints, as inkpose predict writes them" }, icon(ICONS.save), "JSON"),
    ].filter(Boolean));
  }

  async function saveRig(key, number) {
    try {
      await api.save(`api/looks/${key}/rig.zip?mask=${current.mask}&n=${number}`);
    } catch (error) { complain(error.message); }
  }

  function resultAddress() {
    return `api/looks/${current.result.key}/result.json?mask=${current.mask}${tagLimit === null ? "" : `&tag=${tagLimit}`}`;
  }

  function drawTags() {
    if (current?.state !== "seen") return;
    tags.replaceChildren(tagGroups(current.result.tags, tagLimit));
    tags.dataset.count = toldTags(current.result.tags, tagLimit).length;
    const json = saves.querySelector("a[href*='result.json']");
    if (json) json.href = resultAddress();
  }

  function drawStrip() {
    strip.replaceChildren(another, ...looks.map((look) => h("button", { type: "button", class: "thumb", "data-state": look.state, title: look.error ?? look.file.name,
      "aria-label": `${look.file.name}${look.state === "failed" ? ", could not be read" : look.state === "waiting" ? ", waiting" : ""}`,
      "aria-pressed": String(look === current), onclick: () => (look.state === "failed" ? complain(look.error) : choose(look)) },
    h("img", { src: look.url, alt: "", onerror: (event) => event.target.remove() }))));
  }

  return {};
}

const percent = (value) => `${Math.round(100 * value)} %`;

function summary({ characters }) {
  if (!characters.length) return "no character found";
  const joints = characters.map((character) => character.keypoints.filter(Boolean).length).join(", ");
  return `${plural(characters.length, "character")}, ${joints} of 17 joints`;
}
