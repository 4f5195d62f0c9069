// Characters of the index as cards: the drawing, its skeleton on hover or on request, and what can be done with it.
import { ICONS, h, icon, s } from "./dom.js";
import { skeleton, strokeUnit } from "./skeleton.js";

const shown = (tag) => tag.replaceAll("_", " ");

// The thumbnail with its skeleton in the same frame.
export function drawing(hit) {
  const [x, y, width, height] = hit.region_xywh;
  return h("div", { class: "drawing", style: { "aspect-ratio": `${width} / ${height}` } },
    h("img", { src: hit.thumbnail, alt: "", loading: "lazy" }),
    s("svg", { class: "bones-over", viewBox: `${x} ${y} ${width} ${height}`, "aria-hidden": "true" },
      skeleton(hit.keypoints, 1.9 * strokeUnit(hit.keypoints, Math.max(width, height)))));
}

export function card(hit, { onpick, onopen }) {
  const likeness = hit.score === null ? "" : `${Math.round(100 * hit.score)} %`;
  const label = `${hit.name}${likeness && `, ${likeness} alike`}${hit.mirrored ? ", mirrored" : ""}. Search with this pose`;
  return h("li", { class: "hit" },
    h("button", { type: "button", class: "hit-main", "aria-label": label, onclick: () => onpick(hit) },
      h("span", { class: "mat" }, drawing(hit)),
      likeness && h("span", { class: "likeness" }, likeness, hit.mirrored && icon(ICONS.mirror))),
    h("div", { class: "hit-foot" }, h("span", { class: "hit-name", title: hit.path || hit.name }, hit.name),
      h("button", { type: "button", class: "plain tiny", "aria-label": `Open ${hit.name}`, title: "Open the picture", onclick: () => onopen(hit) }, icon(ICONS.image))));
}

// The whole picture, in a dialog.
export function openPicture(hit, onpick) {
  const dialog = h("dialog", { class: "viewer", "aria-label": hit.name, onclose: () => dialog.remove(), onclick: (event) => event.target === dialog && dialog.close() });
  const lines = s("svg", { class: "layer lines", viewBox: `0 0 ${hit.width} ${hit.height}`, "aria-hidden": "true" },
    skeleton(hit.keypoints, strokeUnit(hit.keypoints, Math.max(hit.width, hit.height)), { titles: true }));
  const picture = h("img", { class: "layer", alt: hit.name, src: `api/characters/${hit.id}/picture`,
    onerror: () => picture.replaceWith(h("p", { class: "layer gone" }, "The picture is gone from its folder, or was changed. Index → Look at all folders again.")) });
  dialog.append(
    h("div", { class: "viewer-frame", style: { "aspect-ratio": `${hit.width} / ${hit.height}`, "--ratio": hit.width / hit.height } }, picture, lines),
    h("div", { class: "viewer-side" },
      h("div", { class: "row" }, h("h2", { class: "name" }, hit.name), h("button", { type: "button", class: "plain push", "aria-label": "Close", onclick: () => dialog.close() }, icon(ICONS.close))),
      hit.path && h("p", { class: "note path" }, hit.path),
      h("div", { class: "row" },
        h("button", { type: "button", class: "primary", onclick: () => { dialog.close(); onpick(hit); } }, icon(ICONS.find), "Find this pose"),
        h("button", { type: "button", onclick: () => lines.toggleAttribute("hidden") }, icon(ICONS.body), "Skeleton")),
      h("ul", { class: "row chips" }, hit.tags.slice(0, 40).map((tag) => h("li", {}, h("a", { class: "chip button", href: `#find?tags=${encodeURIComponent(tag)}`, onclick: () => dialog.close() }, shown(tag)))))));
  document.body.append(dialog);
  dialog.showModal();
}
