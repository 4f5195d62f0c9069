// *Find*: a pose and tags to drawings. Every change searches at once.
import { api } from "./api.js";
import { ICONS, complain, h, icon, plural, s, say, settled, toggle } from "./dom.js";
import { acceptPictures, chooser } from "./drop.js";
import { createEditor, drawSketch } from "./editor.js";
import { FIGURES, SHEET } from "./figures.js";
import { card, openPicture } from "./results.js";
import { tagField } from "./tag_field.js";

const PAGE = 40;

export function createFind(root) {
  let k = PAGE;
  let byPose = true;
  let mirror = false;
  let running = null;

  const editor = createEditor(() => changed());
  const tags = tagField(() => changed());
  const searchSoon = settled(search, 220);
  const changed = () => { k = PAGE; searchSoon(); };

  const poseSwitch = toggle("By pose", true, (on) => { byPose = on; query.toggleAttribute("data-tags-only", !on); changed(); });
  const mirrorSwitch = toggle("Mirrored too", false, (on) => { mirror = on; changed(); });
  const bones = toggle("Skeletons", false, (on) => grid.toggleAttribute("data-bones", on));
  const presets = h("div", { class: "presets", role: "group", "aria-label": "Poses to begin with" },
    Object.entries(FIGURES).map(([name, pose]) => h("button", { type: "button", class: "preset", title: name, "aria-label": name, onclick: () => editor.set(pose) },
      s("svg", { viewBox: `0 0 ${SHEET.width} ${SHEET.height}`, "aria-hidden": "true" }, s("g", { class: "skeleton bones" }, drawSketch(pose, 17))))));
  const tool = (name, path, work) => h("button", { type: "button", class: "plain", "aria-label": name, title: name, onclick: work }, icon(path), h("span", {}, name));
  const query = h("div", { class: "query" },
    h("div", { class: "card takes sheet-card" },
      h("div", { class: "row sheet-tools" }, chooser([icon(ICONS.image), "Use a picture"], (files) => take(files[0]), { multiple: false }),
        h("span", { class: "push" }), tool("Mirror", ICONS.mirror, () => editor.mirror()), tool("Undo", ICONS.undo, () => editor.undo())),
      editor.element, presets,
      h("details", { class: "note help" }, h("summary", {}, "How to pose it"),
        h("p", {}, "Drag a joint: what hangs on it follows; with Shift or Alt it moves alone. Double-click or Delete leaves a joint out, and it no longer counts. "
          + "By keyboard: Tab to a joint, arrow keys move it (Shift: farther)."))),
  );
  const filters = h("div", { class: "card filters" }, tags.element, h("div", { class: "row switches" }, poseSwitch.element, mirrorSwitch.element, bones.element));

  const grid = h("ul", { class: "grid" });
  const told = h("h2", { class: "told", "aria-live": "polite" });
  const more = h("button", { type: "button", class: "more", hidden: true, onclick: () => { k = Math.min(500, k + PAGE); search(); } }, "Show more");
  const found = h("div", { class: "found" }, filters, told, grid, more);
  root.append(h("div", { class: "find" }, query, found));
  acceptPictures(query.firstChild, (files) => take(files[0]), () => !root.hidden);

  async function search() {
    running?.abort();
    const mine = (running = new AbortController());
    found.toggleAttribute("data-busy", true);
    try {
      const { hits } = await api.search({ keypoints: byPose ? editor.keypoints() : null, tags: tags.value(), mirror, k }, mine.signal);
      show(hits);
    } catch (error) {
      if (error.name === "AbortError") return;
      show([], error.message);
    }
    if (running === mine) found.toggleAttribute("data-busy", false);
  }

  function show(hits, problem = "") {
    const what = byPose ? "in this pose, the most alike first" : "with these tags";
    told.replaceChildren(hits.length ? `${plural(hits.length, "drawing")} ` : "", hits.length ? h("span", { class: "note" }, byPose || tags.value() ? what : "of the index") : "");
    grid.replaceChildren(...hits.map((hit) => card(hit, { onpick: pick, onopen: (one) => openPicture(one, pick) })));
    more.hidden = hits.length < k || k >= 500;
    if (!hits.length) told.replaceChildren(problem || "Nothing in the index fits. Drop a tag, or move a joint.", problem.includes("no index") ? h("a", { class: "button", href: "#index" }, "To the index") : "");
  }

  // The pose of a drawing becomes the query, and the drawing lies faintly behind it.
  function pick(hit) {
    setMode();
    editor.set(hit.keypoints, { href: hit.thumbnail, region_xywh: hit.region_xywh });
    scrollTo({ top: 0, behavior: "smooth" });
    say(`Searching with the pose of ${hit.name}`);
  }

  function setMode() {
    byPose = poseSwitch.input.checked = true;
    query.removeAttribute("data-tags-only");
  }

  async function take(file) {
    query.firstChild.toggleAttribute("data-busy", true);
    try {
      const seen = await api.look(file, .5);
      if (seen.characters.length) usePose(seen, 0);
      else complain(`${seen.name}: no character was found in it; pose the figure by hand`);
    } catch (error) {
      complain(error.message);
    }
    query.firstChild.toggleAttribute("data-busy", false);
  }

  function usePose(seen, number) {
    const { keypoints } = seen.characters[number];
    if (!keypoints.some(Boolean)) return complain(`${seen.name}: no joint was found in it; pose the figure by hand`);
    setMode();
    editor.set(keypoints, { href: `api/looks/${seen.key}/picture`, region_xywh: [0, 0, seen.width, seen.height] });
  }

  return {
    usePose,
    pick,
    async shown(parameters) {
      if (parameters.has("tags")) {
        tags.set(`${parameters.get("tags")} `);
        byPose = poseSwitch.input.checked = false;
        query.toggleAttribute("data-tags-only", true);
      }
      search();
      tags.know((await api.tags().catch(() => ({ tags: [] }))).tags);
    },
  };
}
