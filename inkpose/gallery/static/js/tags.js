// Tags by group with bars. One threshold for all, or each tag's own.
import { h } from "./dom.js";

const shown = (name) => name.replaceAll("_", " ");

// The tags told at this threshold; `limit` null takes each tag's own.
export function toldTags(tags, limit) {
  return tags.filter((tag) => tag.score > (limit ?? tag.threshold));
}

export function tagGroups(tags, limit) {
  const groups = new Map();
  for (const tag of toldTags(tags, limit)) {
    if (!groups.has(tag.group)) groups.set(tag.group, []);
    groups.get(tag.group).push(tag);
  }
  if (!groups.size) return h("p", { class: "note" }, "No tag is above its threshold. Move the slider to see fainter ones.");
  return h("div", { class: "groups" }, [...groups].map(([name, inside]) =>
    h("section", { class: "group" }, h("h3", {}, shown(name)),
      h("ul", {}, inside.map((tag) => row(tag, limit))))));
}

function row(tag, limit) {
  const percent = Math.round(100 * tag.score);
  return h("li", { class: "tag" },
    h("a", { href: `#find?tags=${encodeURIComponent(tag.name)}`, title: `Find pictures with ${shown(tag.name)}` }, shown(tag.name)),
    h("span", { class: "bar", "aria-hidden": "true" },
      h("span", { class: "fill", style: { width: `${percent}%` } }),
      h("span", { class: "limit", style: { left: `${100 * (limit ?? tag.threshold)}%` } })),
    h("span", { class: "percent" }, `${percent} %`));
}
