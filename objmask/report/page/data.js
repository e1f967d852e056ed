"use strict";
// Helpers: data that the page holds, elements without markup, numbers as texts. Names are only ever text, never markup.

const read = (id) => JSON.parse(document.getElementById(id).textContent);
const PAGE = read("page");
const DARK = matchMedia("(prefers-color-scheme: dark)");
// A row of the charts that is no group: what protected video hides.
const HIDDEN = { name: "hidden", colour: "var(--text)" };
const ROWS = [...(PAGE.hidden ? [HIDDEN] : []), ...PAGE.groups];
const shownRows = new Set(ROWS);

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") made.textContent = value;
    else if (value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

// The first columns, `left` of them, are texts, the others numbers. A cell is a text or an element.
function table(columns, rows, left = 1) {
  const kind = (i) => (i < left ? null : "n");
  const cell = (value, i) => element("td", { class: kind(i) }, value);
  const head = columns.map((name, i) => element("th", { scope: "col", class: kind(i), text: name }));
  return element(
    "table", {},
    element("thead", {}, element("tr", {}, ...head)),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map(cell)))),
  );
}

// A table that goes on to the right says so, by a faded edge: not every system shows scroll bars.
const sized = new ResizeObserver((entries) => entries.forEach(({ target }) => cue(target.closest(".scroll"))));
const cue = (box) => box.classList.toggle("more", box.scrollWidth - box.clientWidth - box.scrollLeft > 1);

function watched(box) {
  box.addEventListener("scroll", () => cue(box), { passive: true });
  for (const one of [box, ...box.children]) sized.observe(one);
  return box;
}

const scrolling = (content) => watched(element("div", { class: "scroll" }, content));

const swatch = (group) => {
  const made = element("i", { class: "swatch", "aria-hidden": "true" });
  made.style.background = group.colour;
  return made;
};

// As `percent` of the page's tables writes it.
function percent(fraction) {
  const value = fraction * 100;
  if (value > 0 && value < 0.01) return "<0.01";
  return value >= 99.5 || !value ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toFixed(2);
}

function clock(seconds) {
  const whole = Math.floor(seconds + 1e-9);
  const pad = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = `${pad(whole % 60)}.${Math.floor((seconds - whole + 1e-9) * 10)}`;
  return hours ? `${hours}:${pad(minutes)}:${rest}` : `${minutes}:${rest}`;
}

// Of less than a tenth of a second something is left.
const lasting = (seconds) => (seconds < 0.095 ? `${seconds.toFixed(2)} s` : seconds < 60 ? `${seconds.toFixed(1)} s` : clock(seconds));
// Of 1,000, with three digits.
const rate = (value) => (value >= 100 ? thousands(Math.round(value)) : String(Number(value.toPrecision(3))));

// The second that a time is in, as the warnings name it.
const second = (seconds) => clock(seconds).split(".")[0];
const thousands = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, "\u202f");
// Plotly takes its texts for a small markup language, and braces for places to fill in.
const plain = (text) => text.replace(/[&<>{}]/g, (character) => `&#${character.charCodeAt(0)};`);
