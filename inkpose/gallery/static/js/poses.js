// *Poses*: the collection as a map. Each disc is a group of like poses, as large as it is popular; near means alike.
import { api } from "./api.js";
import { ICONS, complain, h, icon, plural } from "./dom.js";
import { pack } from "./packing.js";
import { card, drawing, openPicture } from "./results.js";

export function createPoses(root, { pick }) {
  let groups = [];
  let chosen = null;
  const map = h("div", { class: "map", role: "group", "aria-label": "Map of poses" });
  const detail = h("aside", { class: "detail card", "aria-live": "polite" });
  const note = h("p", { class: "lead" });
  const layout = h("div", { class: "poses", hidden: true }, h("div", { class: "map-frame card" }, map), detail);
  root.append(h("div", { class: "view-head" }, h("h1", {}, "The poses you draw"), note), layout);
  new ResizeObserver(() => { if (map.children.length && map.clientWidth) place(); }).observe(map);

  async function load() {
    if (!groups.length) note.textContent = "Grouping the poses …";
    try {
      ({ groups } = await api.poses());
    } catch (error) {
      note.textContent = "";
      return complain(error.message);
    }
    layout.hidden = !groups.length;
    if (!groups.length) return note.replaceChildren("There is no drawing in the index yet. ", h("a", { href: "#index" }, "Add a folder"), " and its poses appear here.");
    const all = groups.reduce((sum, group) => sum + group.size, 0);
    note.textContent = `${plural(all, "character")} in ${plural(groups.length, "group")}. A large disc is a popular pose; neighbours are alike.`;
    const discs = groups.map((group, i) => h("button", { type: "button", class: "disc", "aria-pressed": "false",
      "data-vague": group.vague, "aria-label": `${title(i)}, ${plural(group.size, "drawing")}`, onclick: () => choose(i) },
    drawing(group.medoid), h("span", { class: "count" }, group.size.toLocaleString("en"))));
    place(discs); // before they are on the page: they stand there at once, and glide only when the map changes
    map.replaceChildren(...discs);
    choose(Math.min(chosen ?? 0, groups.length - 1));
  }

  const title = (number) => (groups[number].vague ? "Little of the body found" : `Pose ${number + 1}`);

  function place(discs = [...map.children]) {
    const width = map.clientWidth;
    // What is left of the window below the map's upper edge, at least a square sheet on a phone.
    const room = innerHeight - (map.getBoundingClientRect().top + scrollY) - 72;
    const { discs: places, height } = pack(groups, width, Math.max(room, width < 560 ? width * 1.3 : 420));
    map.style.setProperty("height", `${height}px`);
    places.forEach(({ x, y, r }, i) => {
      const { style } = discs[i];
      style.setProperty("width", `${2 * r}px`);
      style.setProperty("height", `${2 * r}px`);
      style.setProperty("translate", `${x - r}px ${y - r}px`);
    });
  }

  function choose(number) {
    chosen = number;
    [...map.children].forEach((disc, i) => disc.setAttribute("aria-pressed", String(i === number)));
    const { medoid, examples, size } = groups[number];
    const share = Math.round((100 * size) / groups.reduce((sum, group) => sum + group.size, 0));
    detail.replaceChildren(
      h("div", { class: "detail-head" }, h("span", { class: "mat tall bones-on" }, drawing(medoid)),
        h("div", {}, h("p", { class: "label" }, title(number)), h("h2", {}, plural(size, "drawing")), h("p", { class: "note" }, `${share} % of the collection`),
          h("button", { type: "button", class: "primary", onclick: () => pick(medoid) }, icon(ICONS.find), "Find this pose"))),
      h("ul", { class: "grid small" }, examples.map((hit) => card(hit, { onpick: pick, onopen: (one) => openPicture(one, pick) }))));
  }

  return { shown: load };
}
