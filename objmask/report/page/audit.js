// What audits found: a table of the videos, the worst moments of all, and a line of each video's card.

const SHOWN = { videos: 10, moments: PAGE.audit?.pictures ? 12 : 10 };
const WHY = {
  uncovered: "was to be hidden",
  found: "found again",
  read: "can be read",
};
const VIDEO_ORDERS = {
  "leaks most": ({ audit }) => [-(audit.unhidden > 0), -audit.leaking_per_1000, -audit.review_frames],
  "longest run": ({ audit }) => [-audit.longest_run_s],
  "most to look at": ({ audit }) => [-audit.review_frames],
  "most else lost": ({ audit }) => [-audit.other_lost],
  "by name": () => [],
};

// A list in pages: `draw` makes of some entries the element that shows them.
function paged(name, size, draw) {
  const [body, place] = ["list", "pages"].map((part) => document.getElementById(`audit-${name}-${part}`));
  let [first, entries] = [0, []];
  const show = (focus) => {
    body.replaceChildren(draw(entries.slice(first, first + size)));
    const turn = (by, at) => {
      first = Math.max(0, first + by);
      show(at);
    };
    pages(place, { first, size, count: entries.length, key: name, focus, turn });
  };
  return (given) => {
    [first, entries] = [0, given];
    show();
  };
}

function verdict({ leaking_frames, unhidden, kept }) {
  const found = [
    unhidden && `nothing hidden in ${percent(unhidden)} % of the frames`,
    leaking_frames && "leaks",
    !unhidden && !leaking_frames && "no leak found",
    kept && "kept in quarantine",
  ];
  return found.filter(Boolean).join("; ");
}

function longestRun({ leaking_frames, longest_run_s, longest_run_from_s: at, longest_run_first: frame }) {
  if (!leaking_frames) return "–";
  return `${lasting(longest_run_s)} from ${at === null ? "" : `${clock(at)}, `}frame ${thousands(frame)}`;
}

// A video's name leads to it in the list below.
function nameOf(title) {
  const made = element("a", { href: "#tools", class: "name", text: title });
  made.addEventListener("click", () => {
    Object.assign(tools.find, { value: title });
    Object.assign(tools.label, { value: "" });
    tools.warned.checked = false;
    first = 0;
    show();
  });
  return made;
}

function verdictOf(audit) {
  return element("span", { class: audit.leaking_frames || audit.unhidden ? "grave" : null, text: verdict(audit) });
}

function auditedVideos(videos) {
  const columns = [
    "Video", "Audit", "Longest run", "Leaking frames", "of 1,000", "Leaks", "Moments", "Frames to look at", "Else lost, %",
  ];
  const rows = videos.map(({ title, audit }) => [
    nameOf(title), verdictOf(audit), longestRun(audit), thousands(audit.leaking_frames), rate(audit.leaking_per_1000),
    thousands(audit.leaks), thousands(audit.moments), thousands(audit.review_frames), percent(audit.other_lost),
  ]);
  return scrolling(table(columns, rows, 3));
}

const kindOf = ({ leak, why }) => `${leak ? "leak" : "to look at"}: ${why.map((one) => WHY[one] ?? one).join(", ")}`;
const lastingFrames = ({ frames }) => `${thousands(frames)} ${frames === 1 ? "frame" : "frames"}`;

function momentRows(moments) {
  const columns = ["Video", "Time", "What", "Why", "Score", "Detail shown, %", "Frames"];
  const rows = moments.map((one) => [
    nameOf(one.title), `${clock(one.time_s)}, frame ${thousands(one.frame)}`, one.class,
    element("span", { class: one.leak ? "grave" : null, text: kindOf(one) }),
    one.score.toFixed(2), percent(one.shown), thousands(one.frames),
  ]);
  return scrolling(table(columns, rows, 4));
}

function momentPictures(moments) {
  const figures = moments.map((one) => {
    const at = `${one.class} in ${one.title} at ${clock(one.time_s)}`;
    const picture = one.picture
      ? element("img", { alt: `Protected video: ${at}, in a frame`, src: `data:image/webp;base64,${one.picture}`, decoding: "async" })
      : element("p", { class: "fine", text: "no picture" });
    const said = `score ${one.score.toFixed(2)}, ${percent(one.shown)} % of its detail shown, ${lastingFrames(one)}`;
    return element(
      "figure", {}, picture,
      element(
        "figcaption", {}, element("span", { class: one.leak ? "gap" : null, text: kindOf(one) }), " ",
        element("b", { text: one.class }), ` ${clock(one.time_s)}, frame ${thousands(one.frame)}; ${said}. `, nameOf(one.title),
      ),
    );
  });
  return element("div", { class: "strip leaks" }, ...figures);
}

function audits() {
  const order = document.getElementById("audit-order");
  order.append(...Object.keys(VIDEO_ORDERS).map((value) => element("option", { value, text: value })));
  const fill = paged("videos", SHOWN.videos, auditedVideos);
  const sorted = () => {
    const keyed = PAGE.videos.map((video, number) => ({ video, keys: [...VIDEO_ORDERS[order.value](video), number] }));
    keyed.sort((a, b) => a.keys.map((key, k) => key - b.keys[k]).find(Boolean) ?? 0);
    fill(keyed.map(({ video }) => video));
  };
  order.addEventListener("change", sorted);
  sorted();
  if (PAGE.audit.moments.length) {
    paged("moments", SHOWN.moments, PAGE.audit.pictures ? momentPictures : momentRows)(PAGE.audit.moments);
  }
}

function audited({ sentence, stretches_s: times, stretches }) {
  const at = [...new Set(times.map(([from]) => second(from)))];
  const named = times.length ? ` At ${at.slice(0, 8).join(", ")}${at.length > 8 || stretches > times.length ? " …" : ""}.` : "";
  return element("p", { class: times.length ? "audit grave" : "audit", text: `${sentence}${named}` });
}
