// Where it all begins: choices, toggles, the first page; and again in other colours when the system changes to them.

function choices() {
  const labels = [...new Set(PAGE.videos.map((video) => video.label))].sort();
  tools.label.append(...labels.map((label) => element("option", { value: `=${label}`, text: label || "(no label)" })));
  tools.label.parentElement.hidden = labels.length < 2;
  const orders = [
    ["given", "by name"], ...(PAGE.audit ? [["leaks", "most leaking first"]] : []), ...(PAGE.hidden ? [["unhidden", "nothing hidden first"], ["gaps", "gaps in what is hidden first"]] : []),
    ["longest", "longest first"], ["empty", "least covered first"],
    ...PAGE.groups.map((group, k) => [`most:${k}`, `most ${group.name} first`]),
  ];
  tools.order.append(...orders.map(([value, text]) => element("option", { value, text })));
  for (const [name, tool] of Object.entries(tools)) {
    tool.addEventListener(name === "find" ? "input" : "change", () => {
      first = 0;
      show();
    });
  }
  document.getElementById("tools").addEventListener("submit", (event) => event.preventDefault());
}

function toggles() {
  const made = ROWS.map((row) => {
    const button = element("button", { type: "button", "aria-pressed": "true" }, swatch(row), row.name);
    button.addEventListener("click", () => {
      const on = !shownRows.delete(row);
      if (on) shownRows.add(row);
      button.setAttribute("aria-pressed", String(on));
      redraw();
    });
    return button;
  });
  document.getElementById("toggles").append(...made);
}

histograms();
choices();
toggles();
show();
if (PAGE.audit) audits();
for (const box of document.querySelectorAll(".scroll")) watched(box);
for (const query of [DARK, FINGERS]) query.addEventListener("change", redraw);
addEventListener("beforeprint", () => onPaper(true));
addEventListener("afterprint", () => onPaper(false));
document.documentElement.dataset.ready = "true";
