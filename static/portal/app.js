// Conveniences only: every page works without this file. Its words come from data-* attributes.
const all = (selector) => document.querySelectorAll(selector);

const faults = document.querySelector("[data-error-summary]");
faults?.focus();
// Browsers keep no answer to a form: the way back to it would end at a question about sending again. Until
// it is sent on, it stays the answer, which has what was typed also after it is loaded again.
if (faults) addEventListener("submit", () => history.replaceState(history.state, "", location.href));

for (const element of all("[data-needs-js]")) element.hidden = false;

// A link to a folded part opens it.
const unfold = () => {
  const part = document.getElementById(location.hash.slice(1));
  if (part?.matches("details")) part.open = true;
};
window.addEventListener("hashchange", unfold);
unfold();

for (const button of all("[data-copy]")) {
  button.addEventListener("click", async () => {
    const status = button.parentElement.querySelector("[role=status]");
    try {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      status.textContent = button.dataset.copied;
    } catch {
      status.textContent = button.dataset.failed;
    }
  });
}

for (const button of all("[data-print]")) button.addEventListener("click", () => window.print());

for (const zone of all("[data-drop]")) {
  const input = zone.querySelector("input[type=file]");
  const over = (on) => (event) => {
    event.preventDefault();
    zone.classList.toggle("is-over", on);
  };
  zone.addEventListener("dragover", over(true));
  zone.addEventListener("dragleave", over(false));
  zone.addEventListener("drop", (event) => {
    over(false)(event);
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    input.focus();
  });
}

// A question that follows from one answer to another is shown with that answer, or with its own error.
for (const part of all("[data-only-if]")) {
  const [name, value] = part.dataset.onlyIf.split("=");
  const form = part.closest("form");
  const show = () => {
    part.hidden = new FormData(form).get(name) !== value && !part.classList.contains("field--error");
  };
  form.addEventListener("change", show);
  show();
}

// What has a place for so many characters only says so while they are typed, and cuts nothing.
for (const input of all("[data-count]")) {
  const { count, countWithin, countOver } = input.dataset;
  const [seen, heard] = [document.createElement("p"), document.createElement("p")];
  seen.id = `${input.id}_count`;
  heard.className = "visually-hidden";
  heard.setAttribute("aria-live", "polite");
  input.after(seen, heard);
  input.setAttribute("aria-describedby", `${input.getAttribute("aria-describedby") ?? ""} ${seen.id}`.trim());
  let pause;
  const tell = () => {
    const typed = [...input.value].length;
    const over = typed > Number(count);
    const words = (over ? countOver : countWithin).replace("{typed}", typed).replace("{most}", count);
    seen.className = over ? "field__error" : "field__hint";
    seen.textContent = words;
    clearTimeout(pause);
    pause = setTimeout(() => (heard.textContent = typed + 10 > Number(count) ? words : ""), 1000);
  };
  input.addEventListener("input", tell);
  tell();
}

// What a worker is about to finish is looked for until it is there, or cannot be. Then the parts that the
// page names are shown as they are now, or all of it, or the address that it names; the part somebody is
// in once they leave it. After two minutes it is left. What has come of it is said by a live region that
// was there before.
const awaited = document.querySelector("[data-await]");
if (awaited) {
  const heard = document.createElement("p");
  heard.className = "visually-hidden";
  heard.setAttribute("role", "status");
  document.querySelector("main").append(heard);
  let tries = 60;
  const look = async () => {
    const { at } = awaited.dataset;
    const answer = await fetch(at || location.href).catch(() => null);
    const page = answer && new DOMParser().parseFromString(await answer.text(), "text/html");
    const over = page && (page.querySelector("[data-awaited]") || answer.ok);
    if (!over || page.querySelector("[data-await]")) return (tries -= 1) && setTimeout(look, 2000);
    if (!awaited.dataset.await) return at ? location.assign(at) : location.reload();
    heard.textContent = page.querySelector("[data-awaited]")?.textContent ?? "";
    for (const id of awaited.dataset.await.split(" ")) {
      const [old, fresh] = [document.getElementById(id), page.getElementById(id)];
      if (!old || !fresh) continue;
      const show = () => old.contains(document.activeElement) || old.replaceWith(fresh);
      show();
      old.addEventListener("focusout", () => setTimeout(show));
    }
    // What was replaced is no target any more, and a narrow screen would hide it.
    if (location.hash && !document.querySelector(":target")) location.replace(location.hash);
  };
  setTimeout(look, 2000);
}

// A second press of the same button does nothing; the server is idempotent all the same.
for (const form of all("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
    event.submitter?.setAttribute("aria-disabled", "true");
  });
}
window.addEventListener("pageshow", () => {
  for (const form of all("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
  }
});

// A login in another tab changes the token of forms. Those of this page get the new one when its reader is
// back as the same person, so that what was written here is sent by one press. Returns the page asked for.
const freshen = async (at) => {
  const whose = (page) => page?.querySelector("[name=acting]")?.value.split("/")[0];
  const answer = await fetch(at, { cache: "no-store" }).catch(() => null);
  const page = answer && new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!whose(page) || whose(page) !== whose(document)) return null;
  const { value } = page.querySelector("[name=csrfmiddlewaretoken]");
  for (const field of all("[name=csrfmiddlewaretoken]")) field.value = value;
  return page;
};

const late = document.querySelector("[data-logged-in]");
if (late) {
  document.addEventListener("visibilitychange", async () => {
    if (document.hidden || !(await freshen(late.dataset.at))) return;
    late.textContent = late.dataset.loggedIn;
    document.querySelector("[data-log-in]").hidden = true;
  });
}

const dialog = document.querySelector("[data-session]");
if (dialog) {
  const { session, warn, keepalive } = dialog.dataset;
  let { rest } = dialog.dataset;
  let opened = Date.now();
  const [before, last, after] = dialog.querySelectorAll("[data-phase]");
  let timers = [];
  const show = (phase) => {
    for (const one of [before, last, after]) one.hidden = one !== phase;
    dialog.setAttribute("aria-labelledby", phase.querySelector("h2").id);
    if (!dialog.open) dialog.showModal();
  };
  // A session lasts `session` seconds after each visit, and `rest` after this page at most.
  const start = () => {
    timers.forEach(clearTimeout);
    const left = rest - (Date.now() - opened) / 1000;
    const ends = Math.min(session, left);
    timers = [
      setTimeout(show, (ends - warn) * 1000, left > session ? before : last),
      setTimeout(show, ends * 1000, after),
    ];
  };
  dialog.addEventListener("close", async () => {
    if (before.hidden) return;
    const answer = await fetch(keepalive, { method: "HEAD", redirect: "manual" }).catch(() => null);
    answer?.ok ? start() : show(after);
  });
  document.addEventListener("visibilitychange", async () => {
    if (document.hidden || after.hidden) return;
    const page = await freshen(keepalive);
    if (!page) return;
    after.hidden = true;
    dialog.close();
    rest = page.querySelector("[data-session]").dataset.rest;
    opened = Date.now();
    start();
  });
  start();
}
