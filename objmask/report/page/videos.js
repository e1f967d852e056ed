// The list of videos: searched, sorted and paged from a small index; what a page shows is read when it is turned to.

const list = document.getElementById("list");
const tools = Object.fromEntries(
  ["find", "label", "order", "size", "warned"].map((id) => [id, document.getElementById(id)]),
);
let first = 0;
const looking = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) if (isIntersecting) seen(target);
}, { rootMargin: "300px" });

function seen(chart) {
  looking.unobserve(chart);
  timelineOf(chart, chart.video);
}

// What nobody has scrolled to has to be on paper too, and everything has to be as wide as the paper.
function onPaper(on) {
  sheet = on ? SHEET : 0;
  document.documentElement.toggleAttribute("data-paper", on);
  redraw();
  if (on) for (const chart of list.querySelectorAll(".timeline")) if (!drawn.has(chart)) seen(chart);
}

function matching() {
  const words = tools.find.value.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (video) =>
    (!tools.label.value || video.label === tools.label.value.slice(1)) &&
    (!tools.warned.checked || video.warnings || video.audit?.leaking_frames) &&
    words.every((word) => `${video.title} ${video.name} ${video.label} ${video.subject}`.toLowerCase().includes(word));
  const found = PAGE.videos.map((video, number) => ({ video, number })).filter(({ video }) => fits(video));
  const [by, group] = tools.order.value.split(":");
  const keys = {
    gaps: (video) => -video.gaps,
    unhidden: (video) => -video.unhidden,
    leaks: (video) => -video.audit.leaking_per_1000,
    longest: (video) => -video.seconds,
    most: (video) => -video.means[Number(group)],
    empty: (video) => video.means.reduce((sum, mean) => sum + mean, 0),
  };
  if (by in keys) found.sort((a, b) => keys[by](a.video) - keys[by](b.video) || a.number - b.number);
  return found;
}

function show(focus) {
  const found = matching();
  const size = Number(tools.size.value);
  first = Math.min(first, Math.max(0, Math.floor((found.length - 1) / size) * size));
  for (const chart of list.querySelectorAll(".timeline")) {
    looking.unobserve(chart);
    drawn.delete(chart);
    Plotly.purge(chart);
  }
  list.replaceChildren(...found.slice(first, first + size).map(({ number }) => card(read(`v${number}`))));
  if (!found.length) list.append(element("p", { class: "fine", text: "No video fits." }));
  for (const chart of list.querySelectorAll(".timeline")) looking.observe(chart);
  for (const [k, place] of document.querySelectorAll("[data-pages]").entries()) {
    pages(place, { first, size, count: found.length, key: String(k), focus, turn });
  }
}

// Buttons that turn to other pages of a list. `key` tells those of several places apart: what has the focus is named by
// key and direction, and gets it again.
function pages(place, { first, size, count, key, focus, turn }) {
  const said = count ? `${thousands(first + 1)}–${thousands(Math.min(first + size, count))} of ${thousands(count)}` : "none";
  const button = (text, by, name, possible) => {
    const made = element("button", { type: "button", text, "data-turn": name });
    made.disabled = !possible;
    made.addEventListener("click", () => turn(by, `${key}${name}`));
    return made;
  };
  place.hidden = count <= size;
  place.replaceChildren(
    button("Previous", -size, "back", first > 0),
    element("output", { text: said, "aria-live": key === "1" ? null : "polite" }),
    button("Next", size, "on", first + size < count),
  );
  if (focus && focus.startsWith(key)) {
    const wanted = [focus.slice(key.length), "on", "back"].map((name) => place.querySelector(`[data-turn=${name}]:enabled`));
    wanted.find(Boolean)?.focus({ preventScroll: true });
  }
}

function turn(by, focus) {
  first = Math.max(0, first + by);
  show(focus);
  if (focus.startsWith("1")) document.getElementById("toggles").scrollIntoView();
}

function card(video) {
  const { facts } = video;
  const part = video.frames < facts.frames ? ` of ${thousands(facts.frames)}` : "";
  const said = [
    video.label, video.subject && `subject ${video.subject}`, clock(facts.duration_s),
    `${thousands(video.frames)}${part} frames`, `${facts.width} × ${facts.height}`, `${facts.rate}/s`,
  ];
  const unseen = video.groups.filter((group) => !group.present).map((group) => group.name);
  const chart = element("div", { class: "timeline", role: "img", "aria-label": spoken(video) });
  chart.video = video;
  chart.style.height = `${heightOf(rowsOf(video))}px`;
  return element(
    "article", { class: "card" },
    element("header", {}, element("h3", { text: video.title }), element("span", { text: said.filter(Boolean).join(" · ") })),
    video.hidden?.nothing ? element("p", { class: "audit grave", text: `Protected video: ${video.hidden.nothing.said}.` }) : null,
    video.warnings.length ? element("ul", {}, ...video.warnings.map((text) => element("li", { text }))) : null,
    chart,
    video.audit ? audited(video.audit) : null,
    video.hidden ? element("p", { class: "hiding", text: hiding(video) }) : null,
    unseen.length ? element("p", { class: "unseen", text: `Not seen: ${unseen.join(", ")}` }) : null,
    video.moments.length ? element("div", { class: "strip" }, ...video.moments.map((moment) => still(moment, video))) : null,
    video.players.length ? players(video) : null,
    details(video),
  );
}

const costs = ({ model, track, class: name, fraction, scores: [low, high] }) =>
  `track ${track} of ${model} (${name}, score ${low} to ${high}): ${percent(fraction)} % of the picture`;

function hiding({ hidden, frames }) {
  const { gaps_s, gaps, dearest, sensitive } = hidden;
  const times = [...new Set(gaps_s.map(second))].join(", ");
  return [
    `Protected video hides ${percent(hidden.mean)} % of the picture, of which the objects to hide take ${percent(sensitive)} %; no object in ${thousands(hidden.without)} of ${thousands(frames)} frames.`,
    gaps && `${thousands(gaps)} ${gaps > 1 ? "gaps" : "gap"} of at most ${PAGE.hidden.gap_s} s between frames that hide something: at ${times}${gaps > gaps_s.length ? " …" : ""}; the longest takes ${hidden.longest_s.toFixed(2)} s.`,
    dearest.length && `Most is hidden because of ${dearest.map(costs).join("; ")}.`,
    dearest.length && `If the first one is nothing to hide, write among the video's corrections: - drop: {track: ${dearest[0].track}, model: ${JSON.stringify(dearest[0].model)}}`,
  ].filter(Boolean).join(" ");
}

const spoken = (video) =>
  `Coverage over time of ${video.title}. ${video.audit ? `${video.audit.sentence} ` : ""}` +
  (video.groups.filter((group) => group.present).map((group) => `${group.name}: mean ${percent(group.mean)} %, in ${percent(group.present)} % of frames`).join("; ") || "Nothing was found.");

function still(moment, video) {
  const seen = moment.groups.join(", ") || "nothing";
  const pictures = ["masks", "protected", "raw"].filter((kind) => kind in moment.pictures).map((kind) =>
    element("img", {
      alt: `${{ masks: "Colour masks", protected: "Protected video", raw: "Raw video" }[kind]} at ${clock(moment.time_s)}: ${seen}`,
      src: `data:image/webp;base64,${moment.pictures[kind]}`, decoding: "async",
      width: video.facts.thumb[0], height: video.facts.thumb[1],
    }));
  return element(
    "figure", {}, ...pictures,
    element(
      "figcaption", {}, element("b", { text: clock(moment.time_s) }), ` ${seen}`,
      moment.gap ? element("span", { class: "gap", text: "longest gap: no object is hidden" }) : null,
      moment.withheld ? element("span", { class: "gap", text: "protected picture left out: it may show a leak" }) : null,
    ),
  );
}

function players(video) {
  const box = element("div", { class: "players" });
  const names = video.players.map(({ kind }) => kind).join(" and ");
  const made = element("details", {}, element("summary", { text: `Play ${names}` }), box);
  made.addEventListener("toggle", () => {
    if (!made.open) return box.replaceChildren();
    box.replaceChildren(...video.players.map(({ kind, source }) => player(video, kind, source)));
  });
  return made;
}

function player(video, kind, source) {
  const shown = element("video", { controls: "", preload: "metadata", playsinline: "", src: source, "aria-label": `${video.title}, ${kind}` });
  const said = element("figcaption", { text: kind });
  shown.addEventListener("error", () => {
    said.textContent = `${kind}: cannot be played from here; it was results/${kind}/${video.name}.mp4`;
  });
  return element("figure", {}, shown, said);
}

function details(video) {
  const { facts } = video;
  const made = element("details", {}, element("summary", { text: "Numbers and checksum" }));
  made.addEventListener("toggle", () => {
    if (made.childElementCount > 1) return;
    const rows = video.groups.map((g) => [g.name, percent(g.mean), percent(g.max), percent(g.present)]);
    made.append(
      scrolling(table(["group", "mean, %", "largest, %", "of frames, %"], rows)),
      element(
        "dl", { class: "facts" },
        element("dt", { text: "SHA-256" }), element("dd", { class: "hash", text: facts.sha256 }),
        element("dt", { text: "File" }),
        element("dd", { text: `${facts.container.split(",")[0]}, ${facts.codec}${facts.rotation ? `, turned by ${facts.rotation}°` : ""}, ${facts.audio ? "with" : "without"} sound` }),
        element("dt", { text: "Network" }), element("dd", { text: `saw ${thousands(video.inferred)} of ${thousands(video.frames)} frames` }),
      ),
    );
  });
  return made;
}
