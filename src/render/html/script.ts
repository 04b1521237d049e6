/**
 * The page's one script: what a page can do without is in here only. It runs in any browser of the last years, makes no element from text, and stores nothing.
 */
export const script = String.raw`
(() => {
  "use strict";
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const root = document.documentElement;
  const dialog = one("#help");
  const find = one("#find");
  const count = one("#count");
  one(".tools").hidden = false;

  const say = (button, word) => {
    const before = button.dataset.label ?? (button.dataset.label = button.textContent);
    button.textContent = word;
    setTimeout(() => { button.textContent = before; }, 1500);
  };
  const copy = async (text, button) => {
    try {
      await navigator.clipboard.writeText(text);
      say(button, "copied");
    } catch {
      const area = one("#markdown");
      const kept = area.value;
      area.closest("details").open = true;
      area.value = text;
      area.select();
      const done = document.execCommand("copy");
      area.value = kept;
      say(button, done ? "copied" : "not allowed");
    }
  };
  const copyMarkdown = () => copy(one("#markdown").value, one("#copy"));
  const turn = () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  };

  for (const code of all(".next code")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "copy";
    button.setAttribute("aria-label", "copy this command");
    button.addEventListener("click", () => copy(code.textContent, button));
    code.after(button);
  }

  // What a link leads to may lie in something that is folded.
  const unfold = () => {
    const target = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
    if (!target) return;
    for (let at = target; at; at = at.parentElement) if (at instanceof HTMLDetailsElement) at.open = true;
    if (target.classList.contains("frame")) { const own = one("details", target); if (own) own.open = true; }
    target.scrollIntoView({ block: "center" });
  };
  addEventListener("hashchange", unfold);
  unfold();

  const rows = () => all(".stack .row");
  const step = (by) => {
    const list = rows();
    if (list.length === 0) return;
    const at = list.indexOf(document.activeElement.closest?.(".row"));
    const next = list[at < 0 ? (by > 0 ? 0 : list.length - 1) : Math.min(list.length - 1, Math.max(0, at + by))];
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  };

  let hits = [];
  let at = -1;
  const go = (by) => {
    if (hits.length === 0) return;
    if (at >= 0) hits[at].classList.remove("here");
    at = (at + by + hits.length) % hits.length;
    hits[at].classList.add("here");
    hits[at].scrollIntoView({ block: "center" });
    count.textContent = at + 1 + " of " + hits.length;
  };
  const search = () => {
    for (const line of hits) line.classList.remove("hit", "here");
    const wanted = find.value.trim().toLowerCase();
    hits = wanted === "" ? [] : all(".log li[id]").filter((line) => line.textContent.toLowerCase().includes(wanted));
    for (const line of hits) line.classList.add("hit");
    at = -1;
    count.textContent = wanted === "" ? "" : hits.length === 0 ? "no line" : "";
    go(1);
  };
  find.addEventListener("input", search);
  find.addEventListener("keydown", (event) => {
    if (event.key === "Enter") go(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") { find.value = ""; search(); find.blur(); }
    else return;
    event.preventDefault();
  });

  const keys = { j: () => step(1), k: () => step(-1), "/": () => find.focus(), "?": () => dialog.showModal(), t: turn, c: copyMarkdown };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input,textarea,dialog")) return;
    const own = Object.hasOwn(keys, event.key) ? keys[event.key] : null;
    if (!own) return;
    event.preventDefault();
    own();
  });
  one("#theme").addEventListener("click", turn);
  one("#copy").addEventListener("click", copyMarkdown);
  one("#keys").addEventListener("click", () => dialog.showModal());
  one("button", dialog).addEventListener("click", () => dialog.close());

  // Browsers that do not unfold for print.
  let folded = [];
  addEventListener("beforeprint", () => { folded = all("main details:not([open]):not(.markdown)"); for (const part of folded) part.open = true; });
  addEventListener("afterprint", () => { for (const part of folded) part.open = false; });
})();
`;
