// What the server is asked. Every failure becomes an Error whose message can be shown as it is.

async function answer(path, options = {}) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The gallery's server does not answer; is it still running in the terminal?");
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) {
    const error = new Error(body.error || `The server answered ${response.status}.`);
    error.status = response.status;
    throw error;
  }
  return body;
}

const post = (path, value, signal) =>
  answer(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(value), signal });

export const api = {
  about: () => answer("api/about"),
  look: (file, mask) =>
    answer(`api/looks?mask=${mask}`, {
      method: "POST", body: file,
      headers: { "content-type": "application/octet-stream", "x-file-name": encodeURIComponent(file.name || "picture") },
    }),
  lookAgain: (key, mask) => answer(`api/looks/${key}?mask=${mask}`),
  // Saves an answer that takes a while or may fail; what fails is told instead of saved.
  async save(path) {
    const response = await fetch(path).catch(() => null);
    if (!response?.ok) throw new Error((await response?.json().catch(() => null))?.error ?? "It could not be made; is the gallery still running?");
    const name = decodeURIComponent((response.headers.get("content-disposition") ?? "").split("''")[1] ?? "download");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await response.blob());
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  },
  search: (query, signal) => post("api/search", query, signal),
  tags: () => answer("api/tags"),
  poses: () => answer("api/poses"),
  stats: () => answer("api/collection"),
  folders: (path) => answer(`api/folders?path=${encodeURIComponent(path)}`),
  add: (folder) => post("api/jobs", { folder }),
  job: () => answer("api/jobs/current"),
  cancel: () => answer("api/jobs/current", { method: "DELETE" }),
};
