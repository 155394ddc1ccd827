// Axe's findings about the page, and the looks of text whose contrast it found sufficient.
//
// Contrast takes axe as long as all the rest. It follows from how a text looks: its colour and size,
// and what the elements around it paint. So axe measures each look until a text of that look has
// passed, and then no more. The looks are computed anew in each state, on each screen and in each
// language. Text that is moved out of the flow, without an opaque background of its own, might stand on
// something else than the elements around it, and is measured each time; so is text about which axe
// could not tell.
async ([options, passed]) => {
  // Half a megabyte, which the browser keeps; `tests/conftest.py` has the server answer it.
  if (typeof axe === "undefined") await import("/axe/axe.min.js");
  const PLAIN = "rgba(0, 0, 0, 0)|none|1|none|normal";
  const painted = new Map([[null, ""]]);

  const isMoved = (style) =>
    !["static", "relative"].includes(style.position) ||
    style.float !== "none" ||
    style.margin.includes("-") ||
    [style.transform, style.translate, style.rotate, style.scale].some((it) => it !== "none") ||
    [style.top, style.right, style.bottom, style.left].some((it) => !["auto", "0px"].includes(it));

  const isOpaque = (style) => style.backgroundColor.startsWith("rgb(") && style.opacity === "1";

  // What the element and those around it paint; null if that is not all that may stand behind it.
  const paintedBy = (element) => {
    if (!painted.has(element)) {
      const style = getComputedStyle(element);
      const around = paintedBy(element.parentElement);
      const names = ["backgroundColor", "backgroundImage", "opacity", "filter", "mixBlendMode"];
      const own = names.map((name) => style[name]).join("|");
      const all = own === PLAIN ? around : `${around}/${own}`;
      painted.set(element, around === null || (isMoved(style) && !isOpaque(style)) ? null : all);
    }
    return painted.get(element);
  };
  const lookOf = (element) => {
    const under = paintedBy(element);
    const style = getComputedStyle(element);
    const names = ["color", "webkitTextFillColor", "webkitTextStroke", "textShadow"];
    const own = [...names, "fontSize", "fontWeight"].map((name) => style[name]);
    return under === null ? null : [under, ...own].join(";");
  };
  const holdsText = (element) =>
    element.matches("input, select, textarea") ||
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  const isShown = (element) => {
    const box = element.getBoundingClientRect();
    const reaches = box.right + scrollX > 0 && box.bottom + scrollY > 0;
    const visible = element.checkVisibility({ visibilityProperty: true });
    return visible && reaches && box.width > 1 && box.height > 1;
  };

  const known = new Set(passed);
  const unmeasured = [...document.body.querySelectorAll("*")].filter(
    (element) => holdsText(element) && isShown(element) && !known.has(lookOf(element)),
  );
  // One run for all rules: axe takes as long to learn where everything stands as to judge it.
  const rule = axe._audit.rules.find(({ id }) => id === "color-contrast");
  const matches = rule.matches;
  const wanted = new Set(unmeasured);
  rule.matches = function (element, ...more) {
    return wanted.has(element) && matches.call(this, element, ...more);
  };
  try {
    const { violations, passes } = await axe.run({
      ...options,
      rules: { [rule.id]: { enabled: wanted.size > 0 } },
      // A list of all that passed is a tenth of the work where no contrast is asked for.
      resultTypes: wanted.size ? ["violations", "passes"] : ["violations"],
      elementRef: true,
    });
    const measured = passes.filter(({ id }) => id === rule.id).flatMap(({ nodes }) => nodes);
    const fresh = new Set(measured.map(({ element }) => lookOf(element)));
    fresh.delete(null);
    return [violations.map((one) => `${one.id}: ${one.nodes[0].html.slice(0, 160)}`), [...fresh]];
  } finally {
    rule.matches = matches;
  }
};
