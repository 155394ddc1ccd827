// A search field that offers what it finds while one types (ARIA 1.2: editable combobox with a
// listbox). Without this file the form around it leads to a page of results.
const PAUSE = 150;

const enhance = (input, number) => {
  const list = document.createElement("ul");
  const status = document.createElement("p");
  const box = document.createElement("div");
  list.id = `options-${number}`;
  list.className = "combobox__list";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.labels[0]?.textContent.trim() ?? "");
  list.hidden = true;
  status.className = "visually-hidden";
  status.setAttribute("aria-live", "polite");
  box.className = "combobox";
  input.before(box);
  box.append(input, list, status);
  // Only a text field may have the role (ARIA in HTML); phones still show their search key.
  input.type = "text";
  input.enterKeyHint = "search";
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-controls", list.id);

  let active = -1;
  let timer;
  let asked;
  const options = () => [...list.children];

  const mark = (index) => {
    const all = options();
    active = all.length ? (index + all.length) % all.length : -1;
    all.forEach((option, at) => option.setAttribute("aria-selected", String(at === active)));
    if (active < 0) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", all[active].id);
    all[active].scrollIntoView({ block: "nearest" });
  };

  const close = () => {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };

  const choose = (option) => {
    input.value = option.dataset.value;
    close();
    input.form.requestSubmit();
  };

  const show = (html) => {
    if (document.activeElement !== input) return;
    const answer = new DOMParser().parseFromString(html, "text/html");
    list.replaceChildren(...answer.querySelectorAll("[role=option]"));
    options().forEach((option, at) => {
      option.id = `${list.id}-${at}`;
    });
    status.textContent = answer.querySelector("p")?.textContent ?? "";
    active = -1;
    input.removeAttribute("aria-activedescendant");
    list.hidden = !list.children.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
  };

  const ask = async () => {
    asked?.abort();
    const query = input.value.trim();
    if (query.length < 2) {
      status.textContent = "";
      return close();
    }
    asked = new AbortController();
    const address = new URL(input.dataset.combobox, location);
    address.searchParams.set("q", query);
    try {
      const answer = await fetch(address, { signal: asked.signal });
      if (answer.ok) show(await answer.text());
      else close();
    } catch (error) {
      if (error.name !== "AbortError") close();
    }
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  input.addEventListener("keydown", (event) => {
    if (list.hidden) {
      if (event.key === "ArrowDown") ask();
      return;
    }
    if (event.key === "ArrowDown") mark(active + 1);
    else if (event.key === "ArrowUp") mark(active < 0 ? -1 : active - 1);
    else if (event.key === "Enter" && active >= 0) choose(options()[active]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) choose(option);
  });
  input.addEventListener("blur", () => {
    clearTimeout(timer);
    asked?.abort();
    close();
  });
  input.form.addEventListener("submit", () => {
    clearTimeout(timer);
    asked?.abort();
    close();
  });
};

document.querySelectorAll("input[data-combobox]").forEach(enhance);
