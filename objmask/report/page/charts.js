// Charts: two histograms, and for each video a row of its own a group, so that colour is never the only cue.

const LANE = 44;
const BELOW = 24;
// Above the lanes, so that the buttons cover none of them; fingers need larger ones, and drag to scroll the page.
const FINGERS = matchMedia("(pointer: coarse)");
const above = () => (FINGERS.matches ? 44 : 26);
// What a sheet of paper has room for, in a card; 0: a screen.
let sheet = 0;
const SHEET = 620;
const CONFIG = {
  displaylogo: false,
  responsive: true,
  // Named one by one: of the others some would send the data elsewhere, which the page's policy forbids.
  modeBarButtons: [["zoomIn2d", "zoomOut2d", "resetScale2d", "toImage"]],
};
const drawn = new Map();

function look() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(name).trim();
  return { text: of("--text"), quiet: of("--quiet"), grid: of("--grid"), card: of("--card"), accent: of("--tint"), grave: of("--grave") };
}

const inkOf = (group) => (DARK.matches && !sheet ? group.screen : group.paper);

function layout(more) {
  const { quiet, card, text, grid } = look();
  return {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: quiet },
    hoverlabel: { bgcolor: card, bordercolor: grid, font: { color: text, size: 12 } },
    modebar: { bgcolor: card, color: quiet, activecolor: text },
    showlegend: false,
    dragmode: FINGERS.matches ? false : "zoom",
    ...(sheet ? { width: sheet } : {}),
    ...more,
  };
}

function bars(id, x, stacks, xaxis, shapes) {
  const draw = () => {
    const { grid } = look();
    const traces = stacks().map(({ y, colour, hover }) => ({
      type: "bar", x, y, marker: { color: colour }, hovertemplate: `${hover}<extra></extra>`,
    }));
    const axes = {
      xaxis: { ...xaxis, fixedrange: true, showgrid: false, zeroline: false, linecolor: grid },
      // Of a few things there are no halves.
      yaxis: {
        fixedrange: true, gridcolor: grid, zeroline: false, rangemode: "tozero", tickformat: "~s",
        dtick: Math.max(...x.map((_, k) => traces.reduce((sum, { y }) => sum + y[k], 0))) < 5 ? 1 : null,
      },
    };
    const given = { ...axes, margin: { l: 44, r: 8, t: 12, b: 42 }, bargap: 0.12, barmode: "stack", shapes: shapes ? shapes() : [] };
    Plotly.react(id, traces, layout(given), { ...CONFIG, displayModeBar: false });
  };
  draw();
  drawn.set(id, draw);
}

function histograms() {
  const width = 1 / PAGE.bins;
  const [others, ...ofGroups] = PAGE.scores;
  const counts = others.map((_, k) => ofGroups.reduce((sum, row) => sum + row[k], 0));
  const middles = counts.map((_, k) => Math.round((k + 0.5) * width * 1e4) / 1e4);
  const from = (k) => (k * width).toFixed(2);
  const line = () => [
    { type: "line", x0: PAGE.threshold, x1: PAGE.threshold, yref: "paper", y0: 0, y1: 1,
      line: { color: look().text, width: 1, dash: "dot" } },
  ];
  const scores = () => {
    const { accent, quiet } = look();
    const at = `score %{x:.3f} ± ${width / 2}`;
    return [
      { y: counts, colour: middles.map((score) => (score > PAGE.threshold ? accent : quiet + "aa")), hover: `%{y} detections in groups, ${at}` },
      { y: others, colour: quiet + "44", hover: `%{y} detections in no group, ${at}` },
    ];
  };
  const ranges = { title: { text: "score" }, range: [0, 1], dtick: 0.1 };
  bars("scores-chart", middles, scores, ranges, line);
  const names = ["in no group", ...PAGE.groups.map((group) => group.name)];
  document.getElementById("scores-table").append(
    table(["score", ...names], counts.map((_, k) => [`${from(k)}–${from(k + 1)}`, ...PAGE.scores.map((row) => thousands(row[k]))])),
  );
  const labels = PAGE.objects.map((_, k) => (k === PAGE.many ? `${k}+` : String(k)));
  let last = PAGE.objects.findLastIndex((frames) => frames > 0);
  last = Math.max(last, 4);
  const kept = PAGE.objects.slice(0, last + 1);
  const frames = () => [{ y: kept, colour: look().accent, hover: "%{y} frames with %{x} objects" }];
  const objects = { title: { text: "objects in a frame" }, type: "category" };
  bars("objects-chart", labels.slice(0, last + 1), frames, objects);
  document.getElementById("objects-table").append(
    table(["objects", "frames", "share, %"], kept.map((frames, k) => [
      labels[k], thousands(frames), percent(frames / Math.max(PAGE.looked_at, 1)),
    ])),
  );
}

const buttons = () => ({ ...CONFIG, displayModeBar: FINGERS.matches ? true : "hover" });

// Of a video: what each row shows, the hidden share first, of which the smallest frames matter and not the largest.
function rowsOf({ timeline, hidden }) {
  const { mean, max } = timeline;
  const rows = PAGE.groups.filter((group) => group.name in mean && shownRows.has(group)).map((group) => ({
    name: plain(group.name), label: plain(short(group.name)), colour: inkOf(group),
    mean: mean[group.name], edge: max[group.name], top: Math.max(...max[group.name], 1), gaps: [],
  }));
  if (!hidden || !shownRows.has(HIDDEN)) return rows;
  const { mean: share, min } = timeline.hidden;
  const row = { name: HIDDEN.name, label: `<i>${HIDDEN.name}</i>`, colour: look().text, gaps: hidden.gaps_s };
  return [{ ...row, mean: share, edge: min, top: Math.max(...share, 1) }, ...rows];
}

const heightOf = (rows) => (rows.length ? above() + rows.length * LANE + BELOW : 0);

function timelineOf(box, video) {
  const draw = () => {
    const rows = rowsOf(video);
    const height = heightOf(rows);
    box.style.height = `${height}px`;
    if (!height) return Plotly.purge(box);
    // Said as well: a chart that is there keeps its size otherwise, whatever the height of its box.
    const given = { ...lanes(rows, video, (sheet || box.clientWidth) > 500), height };
    Plotly.react(box, [...rows.flatMap((row, k) => lane(row, k, video)), ...leakMarks(rows, video)], given, buttons());
  };
  draw();
  drawn.set(box, draw);
}

function lane({ name, colour, mean, edge, top, gaps }, k, video) {
  const share = (values) => values.map((value) => (value / PAGE.parts) * 100);
  const axes = { type: "scatter", yaxis: k ? `y${k + 1}` : "y", xaxis: "x", name };
  const common = { ...axes, mode: "lines", x: video.timeline.time_s };
  const one = mean.length === 1 ? { mode: "lines+markers" } : {};
  const filled = {
    ...common, ...one, y: share(mean), fill: "tozeroy", fillcolor: colour + "59", line: { color: colour, width: 1.3 },
    hovertemplate: `${name} %{y:.2f} %<extra></extra>`,
  };
  const thin = { ...common, y: share(edge), line: { color: colour, width: 0.7 }, opacity: 0.55, hoverinfo: "skip" };
  const marks = {
    ...axes, mode: "markers", x: gaps, y: gaps.map(() => (top / PAGE.parts) * 50), cliponaxis: false,
    marker: { symbol: "triangle-down", size: 9, color: look().grave }, hovertemplate: "no object is hidden<extra></extra>",
  };
  return [...(video.looked_at > mean.length ? [thin] : []), filled, ...(gaps.length ? [marks] : [])];
}

function lanes(rows, video, wide) {
  const { text, grid, quiet } = look();
  const times = video.timeline.time_s;
  const axes = {};
  const notes = [];
  rows.forEach(({ label, top }, k) => {
    const most = (top / PAGE.parts) * 100;
    const high = 1 - k / rows.length;
    const low = 1 - (k + 0.82) / rows.length;
    axes[k ? `yaxis${k + 1}` : "yaxis"] = {
      domain: [low, high], range: [0, most * 1.04], fixedrange: true, showticklabels: false, showgrid: false,
      zeroline: true, zerolinecolor: grid, zerolinewidth: 1, anchor: "x",
    };
    const at = { xref: "paper", yref: "paper", showarrow: false, y: low, yanchor: "bottom" };
    notes.push({ ...at, x: 0, xanchor: "right", xshift: -8, text: label, font: { color: text, size: 12 } });
    notes.push({ ...at, x: 1, xanchor: "left", xshift: 6, text: `${percent(top / PAGE.parts)} %`, font: { color: quiet, size: 11 } });
  });
  const end = times.length ? times[times.length - 1] : 1;
  return layout({
    ...axes,
    xaxis: {
      range: [times[0] ?? 0, end > times[0] ? end : times[0] + 1], showgrid: true, gridcolor: grid, zeroline: false,
      anchor: rows.length > 1 ? `y${rows.length}` : "y", ticksuffix: " s", nticks: wide ? 8 : 4, tickangle: 0, hoverformat: ".2f",
      spikecolor: quiet, spikethickness: 0.5, spikedash: "solid",
    },
    annotations: notes,
    ...(video.audit ? { shapes: leakBands(video) } : {}),
    hovermode: "x unified",
    hoversubplots: "axis",
    margin: { l: wide ? 98 : 84, r: wide ? 62 : 50, t: above(), b: BELOW },
  });
}

// Where protected video leaks: bands over all lanes, and a mark of their own shape at the top of the first one.
const leakBands = ({ audit }) => (audit?.stretches_s ?? []).map(([x0, x1]) => ({
  type: "rect", x0, x1, yref: "paper", y0: 0, y1: 1, layer: "below",
  fillcolor: `${look().grave}33`, line: { color: `${look().grave}88`, width: 1 },
}));

function leakMarks([first], { audit }) {
  if (!audit?.stretches_s.length) return [];
  const times = audit.stretches_s.map(([from]) => from);
  return [{
    type: "scatter", xaxis: "x", yaxis: "y", name: "leak", mode: "markers", cliponaxis: false,
    x: times, y: times.map(() => (first.top / PAGE.parts) * 100),
    marker: { symbol: "x", size: 8, color: look().grave }, hovertemplate: "audit: a leak begins<extra></extra>",
  }];
}

const short = (name) => ([...name].length > 12 ? `${[...name].slice(0, 11).join("")}…` : name);

function redraw() {
  for (const [place, draw] of drawn) {
    if (typeof place === "string" || place.isConnected) draw();
    else drawn.delete(place);
  }
}
