// The page: which view is shown, and what the views do for each other.
import { api } from "./api.js";
import { complain } from "./dom.js";
import { createFind } from "./find.js";
import { createCollection } from "./collection.js";
import { createLook } from "./look.js";
import { createPoses } from "./poses.js";
import { setSchema } from "./skeleton.js";

const NAMES = ["look", "find", "poses", "index"];
const TITLES = { look: "Look", find: "Find", poses: "Poses", index: "Index" };
const root = (name) => document.getElementById(`view-${name}`);
const status = document.getElementById("status");

async function begin() {
  const about = await api.about();
  setSchema(about.keypoints);
  const views = {};
  const go = (name) => { location.hash = `#${name}`; };
  views.find = createFind(root("find"));
  const pick = (hit) => { go("find"); views.find.pick(hit); };
  views.look = createLook(root("look"), { findPose: (seen, number) => { go("find"); views.find.usePose(seen, number); } });
  views.poses = createPoses(root("poses"), { pick });
  views.index = createCollection(root("index"));

  let current = null;
  function show() {
    const [name, query = ""] = location.hash.slice(1).split("?");
    if (name && !NAMES.includes(name)) return;
    const wanted = name || "look";
    for (const other of NAMES) root(other).hidden = other !== wanted;
    for (const link of document.querySelectorAll(".tabs a")) {
      if (link.getAttribute("href") === `#${wanted}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    document.title = `${TITLES[wanted]} · inkpose gallery`;
    if (current !== wanted) scrollTo(0, 0);
    current = wanted;
    views[wanted].shown?.(new URLSearchParams(query));
  }
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    document.getElementById("content").focus();
  });
  addEventListener("hashchange", show);
  // A picture dropped beside the place for it must not replace the page.
  for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());
  show();
  watch(about.ready);
}

async function watch(ready) {
  while (!ready) {
    status.textContent = "Loading the nets";
    status.toggleAttribute("data-busy", true);
    await new Promise((wake) => { setTimeout(wake, 700); });
    ready = (await api.about().catch(() => ({ ready: false }))).ready;
  }
  status.removeAttribute("data-busy");
  status.textContent = "Ready";
}

begin().catch((error) => complain(error.message));
