// *Index*: what it holds, and folders to add to it, with progress.
import { api } from "./api.js";
import { ICONS, complain, h, icon, plural, say, settled } from "./dom.js";

export function createCollection(root) {
  let polling = false;
  const tiles = h("div", { class: "tiles" });
  const sources = h("div", {});
  const places = h("datalist", { id: "folders" });
  const path = h("input", { type: "text", id: "folder", list: "folders", placeholder: "~/Pictures/drawings", autocomplete: "off", autocapitalize: "none", spellcheck: "false", required: true });
  const addButton = h("button", { type: "submit", class: "primary" }, icon(ICONS.add), "Add folder");
  const form = h("form", { class: "card block add", onsubmit: (event) => { event.preventDefault(); start(path.value); } },
    h("h2", {}, "Add a folder of drawings"),
    h("p", { class: "note" }, "Every picture below it is looked at once: its characters, poses and tags go into the index. Your files stay where they are and as they are. Adding a folder again looks only at what is new or changed."),
    h("div", { class: "add-row" }, h("label", { class: "unseen", for: "folder" }, "Folder on this computer"), path, places, addButton));
  const progress = h("div", { class: "card block job", hidden: true });
  const top = h("div", { class: "cloud" });
  root.append(h("div", { class: "view-head" }, h("h1", {}, "Your index"), h("p", { class: "lead where" })), tiles, form, progress, sources, top);
  const suggest = settled(async () => {
    try {
      const { folders } = await api.folders(path.value);
      places.replaceChildren(...folders.map((folder) => h("option", { value: `${folder}/` })));
    } catch { places.replaceChildren(); }
  }, 140);
  path.addEventListener("input", suggest);
  path.addEventListener("focus", suggest, { once: true });

  async function load() {
    try {
      const stats = await api.stats();
      draw(stats);
      if (stats.may_add) follow(await api.job());
      const { tags } = await api.tags();
      drawTags(tags);
    } catch (error) { complain(error.message); }
  }

  function draw(stats) {
    root.querySelector(".where").textContent = stats.exists ? `In ${stats.path}` : `Nothing is indexed yet. It will lie in ${stats.path}.`;
    tiles.hidden = !stats.exists;
    tiles.replaceChildren(
      tile(stats.pictures.toLocaleString("en"), stats.pictures === 1 ? "picture" : "pictures"),
      tile(stats.characters.toLocaleString("en"), "characters with a pose"),
      tile(stats.without_character.toLocaleString("en"), "without a character"),
      tile(size(stats.bytes), "on disk"));
    form.hidden = !stats.may_add;
    sources.replaceChildren(...(stats.sources.length ? [h("div", { class: "card block" },
      h("div", { class: "row" }, h("h2", {}, "Folders"), stats.may_add && h("button", { type: "button", class: "push", onclick: () => start(null) }, icon(ICONS.undo), "Look at all again")),
      h("ul", { class: "sources" }, stats.sources.map((source) => h("li", {}, icon(ICONS.folder), h("span", { class: "path" }, source.path), h("span", { class: "note" }, plural(source.pictures, "picture"))))))] : []));
  }

  function drawTags(tags) {
    top.replaceChildren(...(tags.length ? [h("h2", {}, "What is drawn"), h("ul", { class: "row chips" }, tags.slice(0, 48).map(([name, count]) =>
      h("li", {}, h("a", { class: "chip button", href: `#find?tags=${encodeURIComponent(name)}` }, name.replaceAll("_", " "), h("span", { class: "note" }, count.toLocaleString("en"))))))] : []));
  }

  async function start(folder) {
    try {
      follow(await api.add(folder));
      say("Adding pictures has begun");
    } catch (error) { complain(error.message); }
  }

  // Shows a job, and watches it while it runs.
  async function follow(job) {
    show(job);
    if (job.state !== "running" || polling) return;
    polling = true;
    while (job.state === "running") {
      await new Promise((wake) => { setTimeout(wake, 500); });
      try { job = await api.job(); } catch { continue; }
      show(job);
    }
    polling = false;
    say(heading(job));
    load();
  }

  function show(job) {
    progress.hidden = job.state === "idle";
    addButton.disabled = job.state === "running";
    const running = job.state === "running";
    const bar = h("progress", { max: job.total || 1, "aria-label": "Pictures looked at" });
    if (!running) bar.value = job.state === "done" ? job.total || 1 : job.done;
    else if (job.total !== null) bar.value = job.done;
    progress.replaceChildren(
      h("div", { class: "row" }, h("h2", {}, heading(job)), running && h("button", { type: "button", class: "push", onclick: () => api.cancel().catch((error) => complain(error.message)) }, "Stop")),
      job.state === "failed" ? h("p", { class: "bad" }, job.error) : bar,
      h("p", { class: "note path" }, running ? remaining(job) : summary(job)),
      job.failures.length ? h("details", { class: "failures" }, h("summary", {}, `${plural(job.failed, "picture")} could not be read`), h("ul", {}, job.failures.map((line) => h("li", {}, line)))) : "");
  }

  return { shown: load };
}

const tile = (value, label) => h("div", { class: "card tile" }, h("b", {}, value), h("span", {}, label));

function heading(job) {
  return { running: `Looking at ${job.label}`, done: "Done", stopped: "Stopped", failed: "That did not work", idle: "" }[job.state];
}

function summary(job) {
  if (job.state === "stopped") return `${plural(job.done, "picture")} looked at and kept; add the folder again to go on.`;
  if (job.state !== "done") return job.label;
  const parts = [`${plural(job.added, "picture")} added with ${plural(job.characters, "character")}`];
  if (job.unchanged) parts.push(`${plural(job.unchanged, "picture")} known already`);
  if (job.removed) parts.push(`${plural(job.removed, "picture")} gone`);
  return `${job.label}: ${parts.join(", ")}.`;
}

function remaining(job) {
  if (job.total === null) return "Searching the folder for pictures …";
  const rate = job.done > 3 ? (job.seconds / job.done) * (job.total - job.done) : 0;
  return `${job.done.toLocaleString("en")} of ${plural(job.total, "picture")}${rate ? `, about ${duration(rate)} left` : ""}`;
}

function duration(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

function size(bytes) {
  const step = ["B", "kB", "MB", "GB", "TB"];
  let i = 0;
  while (bytes >= 1000 && i < step.length - 1) { bytes /= 1000; i += 1; }
  return `${bytes < 10 && i ? bytes.toFixed(1) : Math.round(bytes)} ${step[i]}`;
}
