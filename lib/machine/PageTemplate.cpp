// The HTML page's markup, style and script. It draws what the data says and fetches nothing.

namespace tessera::machine {

extern const char *const kPageTemplate;
const char *const kPageTemplate = R"page(<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>@TITLE@</title>
<style>
:root { --ink: #1c2430; --soft: #5b6675; --line: #d9dee5; --paper: #fff; --tint: #f4f6f8; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6eaf0; --soft: #9aa6b5; --line: #37414e; --paper: #161b22; --tint: #1e252e; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1100px; margin: 0 auto; padding: 16px; }
h1 { font-size: 1.4rem; margin: .2em 0; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 1.8em 0 .4em; }
p { margin: .4em 0; } .soft, caption, figcaption { color: var(--soft); font-size: .87rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 10px; }
.tile { background: var(--tint); border-radius: 8px; padding: 10px 12px; }
.tile b { display: block; font-size: 1.25rem; } .tile span { color: var(--soft); font-size: .85rem; }
.wide { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: right; padding: 5px 9px; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child, td.text { text-align: left; }
tr.pick { cursor: pointer; } tr.pick:hover, tr.on { background: var(--tint); }
.bar { display: inline-block; height: 9px; border-radius: 3px; background: #4878d0; vertical-align: middle; }
svg { display: block; width: 100%; min-width: 640px; height: auto; }
svg.small { min-width: 560px; }
text { fill: var(--ink); font: 12px system-ui, sans-serif; } .grid { stroke: var(--line); }
ul { margin: .3em 0; padding-left: 1.2em; } figure { margin: .6em 0; }
select { font: inherit; max-width: 100%; padding: 4px; background: var(--tint); color: var(--ink);
         border: 1px solid var(--line); border-radius: 6px; }
</style></head><body><main>
<h1 id="title"></h1><p class="soft" id="lead"></p>
<div class="tiles" id="tiles"></div>
<h2>Hottest kernels</h2><div class="wide"><table id="kernels"></table></div>
<h2>One launch, on its slowest core</h2>
<p><select id="choice" aria-label="kernel"></select></p>
<p id="bound"></p><ul id="savings"></ul>
<figure><div class="wide" id="timeline"></div><figcaption id="timelineNote"></figcaption></figure>
<h2>Memory over time</h2>
<figure><div class="wide" id="memory"></div><figcaption>Each box is bytes of a scratchpad, from their
filling to their last use; the height of a row is the memory's capacity.</figcaption></figure>
<h2>Roofline</h2>
<figure><div class="wide" id="roofline"></div><figcaption>Each dot is a kernel; its size goes with its
share of the time. Above a slope a kernel would need more bytes than that level delivers.</figcaption></figure>
<p class="soft">A model's estimate from the chip description, not a measurement.</p>
</main>
<script type="application/json" id="data">@DATA@</script>
<script>
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const at = id => document.getElementById(id);
const colours = ["#4878d0", "#ee854a", "#6acc64", "#d65f5f", "#956cb4", "#8c613c", "#dc7ec0",
                 "#797979", "#d5bb67", "#82c6e2"];
const time = us => us < 1000 ? us.toFixed(2) + " us" : us < 1e6 ? (us / 1e3).toFixed(2) + " ms"
                                                               : (us / 1e6).toFixed(2) + " s";
const share = x => (100 * x).toFixed(1) + " %";
function amount(value, unit) {
  const names = ["", "k", "M", "G", "T", "P"];
  if (value > 0 && value < 1)
    return value < 1e-3 ? (value * 1e6).toPrecision(3) + " u" + unit
                        : (value * 1e3).toPrecision(3) + " m" + unit;
  let i = 0;
  while (value >= 1000 && i < 5) { value /= 1000; ++i; }
  return value.toPrecision(3) + " " + names[i] + unit;
}
function make(name, attributes, text) {
  const svg = ["svg", "rect", "text", "line", "circle", "title", "g"].includes(name);
  const e = svg ? document.createElementNS("http://www.w3.org/2000/svg", name)
                : document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) e.setAttribute(key, value);
  if (text !== undefined) e.textContent = text;
  return e;
}
function svg(width, height, small) {
  return make("svg", { viewBox: `0 0 ${width} ${height}`, class: small ? "small" : "", role: "img" });
}
function tile(value, what) {
  const box = make("div", { class: "tile" });
  box.append(make("b", {}, value), make("span", {}, what));
  at("tiles").append(box);
}
function head() {
  at("title").textContent = data.title + " on " + data.chip;
  const hot = data.kernels[0];
  at("lead").textContent = hot ? `The hottest kernel, ${hot.name}, is bound by ${hot.bound}.` : "";
  tile(time(data.us), "in all");
  tile(data.launches, data.launches === 1 ? "launch" : "launches");
  tile(share(data.us ? data.fixed_us / data.us : 0), "launch and ramp");
  const flops = data.kernels.reduce((sum, k) => sum + k.flops * k.launches, 0);
  tile(amount(data.us ? flops / data.us * 1e6 : 0, "FLOP/s"), "on average");
  const e = data.energy;
  if (e.has_static)
    tile(`${amount(e.low, "J")} to ${amount(e.high, "J")}`,
         e.has_dynamic ? "energy, estimated" : "static energy, estimated");
}
function kernelTable() {
  const table = at("kernels"), row = make("tr");
  for (const name of ["kernel", "time", "share", "", "launches", "blocks", "busiest pipe"])
    row.append(make("th", {}, name));
  table.append(row);
  data.kernels.forEach((k, i) => {
    const tr = make("tr", k.spans ? { class: "pick", "data-kernel": i } : {});
    tr.append(make("td", {}, k.name), make("td", {}, time(k.total_us)),
              make("td", {}, share(data.us ? k.total_us / data.us : 0)));
    const cell = make("td", { class: "text" });
    cell.append(make("span", { class: "bar",
                               style: `width:${Math.max(1, 90 * k.total_us / data.us)}px` }));
    tr.append(cell, make("td", {}, k.launches), make("td", {}, k.blocks),
              make("td", {}, k.busy.length ? `${k.busy[0][0]} ${share(k.busy[0][1])}` : ""));
    if (k.spans) tr.onclick = () => { at("choice").value = i; show(i); };
    table.append(tr);
  });
}
function axis(picture, left, right, top, bottom, end) {
  for (let i = 0; i <= 5; ++i) {
    const x = left + (right - left) * i / 5;
    picture.append(make("line", { x1: x, x2: x, y1: top, y2: bottom, class: "grid" }));
    const label = time(end * i / 5 / data.clock_MHz);
    picture.append(make("text", { x, y: bottom + 15, "text-anchor": i === 5 ? "end" : "middle" },
                        label));
  }
}
function timeline(k) {
  const left = 110, right = 1000, row = 26, height = k.pipes.length * row;
  const picture = svg(1010, height + 30), end = Math.max(k.shown_cycles, 1);
  axis(picture, left, right, 0, height, end);
  const kinds = [...new Set(k.spans.map(s => s[1]))];
  k.pipes.forEach((pipe, i) =>
    picture.append(make("text", { x: 4, y: i * row + 17 }, pipe)));
  for (const [pipe, what, start, cycles, bytes] of k.spans) {
    const box = make("rect", { x: left + (right - left) * start / end, y: pipe * row + 4,
      width: Math.max(.6, (right - left) * cycles / end), height: row - 8,
      fill: colours[kinds.indexOf(what) % colours.length] });
    box.append(make("title", {}, `${what}\n${time(cycles / data.clock_MHz)} (${cycles} cycles)` +
                                 (bytes ? `\n${amount(bytes, "B")}` : "")));
    picture.append(box);
  }
  at("timeline").replaceChildren(picture);
  const note = at("timelineNote");
  note.replaceChildren(k.all_shown ? "After launch and ramp. " : "The beginning, after launch and ramp. ");
  kinds.forEach((kind, i) => {
    const mark = make("span", { style: `color:${colours[i % colours.length]}` }, "\u25a0 ");
    note.append(mark, kind + "  ");
  });
}
function memory(k) {
  const names = [...new Set(k.buffers.map(b => b[0]))].sort();
  const left = 110, right = 1000, row = 64, height = Math.max(1, names.length) * row;
  const picture = svg(1010, height + 30), end = Math.max(k.shown_cycles, 1);
  const capacity = Object.fromEntries(data.memories);
  axis(picture, left, right, 0, height, end);
  names.forEach((name, i) => {
    const bytes = capacity[name.split(" ")[0]] || Math.max(...k.buffers.filter(
      b => b[0] === name).map(b => b[2]));
    picture.append(make("text", { x: 4, y: i * row + 28 }, name),
                   make("text", { x: 4, y: i * row + 44, style: "fill:var(--soft)" },
                        amount(bytes, "B")),
                   make("rect", { x: left, y: i * row + 3, width: right - left, height: row - 6,
                                  fill: "none", stroke: "var(--line)" }));
    const addresses = [...new Set(k.buffers.filter(b => b[0] === name).map(b => b[1]))];
    for (const [, begin, stop, from, to] of k.buffers.filter(b => b[0] === name)) {
      const y = begin / bytes, tall = (stop - begin) / bytes;
      if (y > 1) continue;
      const box = make("rect", { x: left + (right - left) * from / end,
        y: i * row + 3 + (row - 6) * y, width: Math.max(.6, (right - left) * (to - from) / end),
        height: Math.max(1.5, (row - 6) * Math.min(tall, 1 - y)),
        fill: colours[addresses.indexOf(begin) % colours.length], "fill-opacity": .75 });
      box.append(make("title", {}, `${amount(stop - begin, "B")} at ${begin}\n${
        time(from / data.clock_MHz)} to ${time(to / data.clock_MHz)}`));
      picture.append(box);
    }
  });
  at("memory").replaceChildren(picture);
}
function roofline() {
  const left = 80, right = 1000, top = 10, bottom = 380, picture = svg(1010, 425, true);
  const dots = data.kernels.filter(k => k.flops > 0 && k.bytes > 0 && k.us > 0);
  const xs = dots.map(k => k.flops / k.bytes), ys = dots.map(k => k.flops / k.us * 1e6);
  const peak = Math.max(data.peak_flops, 1);
  const lowX = Math.floor(Math.log10(Math.min(.1, ...xs))), highX = Math.ceil(Math.log10(
    Math.max(1000, ...xs))), highY = Math.log10(peak * 2);
  const lowY = Math.min(highY - 4, Math.floor(Math.log10(Math.min(peak, ...ys))));
  const X = v => left + (right - left) * (Math.log10(v) - lowX) / (highX - lowX);
  const Y = v => bottom - (bottom - top) * (Math.log10(v) - lowY) / (highY - lowY);
  for (let i = lowX; i <= highX; ++i) {
    picture.append(make("line", { x1: X(10 ** i), x2: X(10 ** i), y1: top, y2: bottom, class: "grid" }),
      make("text", { x: X(10 ** i), y: bottom + 16, "text-anchor": i === highX ? "end" : "middle" },
           String(10 ** i)));
  }
  for (let i = Math.ceil(lowY); i <= highY; ++i)
    picture.append(make("line", { x1: left, x2: right, y1: Y(10 ** i), y2: Y(10 ** i), class: "grid" }),
      make("text", { x: left - 6, y: Y(10 ** i) + 4, "text-anchor": "end" }, amount(10 ** i, "")));
  picture.append(make("text", { x: right, y: bottom + 34, "text-anchor": "end" }, "FLOP per byte"),
                 make("text", { x: left + 6, y: top + 10 }, "FLOP/s"));
  picture.append(make("line", { x1: left, x2: right, y1: Y(peak), y2: Y(peak), stroke: "#d65f5f",
                                "stroke-width": 2 }));
  picture.append(make("text", { x: right, y: Y(peak) - 6, "text-anchor": "end" },
                      "matrix peak " + amount(peak, "FLOP/s")));
  data.levels.forEach((level, i) => {
    // The slope ends at the peak.
    const from = Math.max(10 ** lowX, 10 ** lowY / level.bytes_per_s),
          to = Math.min(10 ** highX, peak / level.bytes_per_s);
    picture.append(make("line", { x1: X(from), y1: Y(from * level.bytes_per_s), x2: X(to),
      y2: Y(to * level.bytes_per_s), stroke: colours[i], "stroke-width": 2 }));
    const place = from * (to / from) ** (i ? .3 : .75);
    picture.append(make("text", { x: X(place) + (i ? 10 : -10), y: Y(place * level.bytes_per_s) +
      (i ? 16 : -8), "text-anchor": i ? "start" : "end" },
                        `${level.name} ${amount(level.bytes_per_s, "B/s")}`));
  });
  dots.forEach((k, i) => {
    const dot = make("circle", { cx: X(xs[i]), cy: Y(ys[i]), fill: "#4878d0", "fill-opacity": .6,
      stroke: "#4878d0", r: 3 + 14 * Math.sqrt(k.total_us / data.us) });
    dot.append(make("title", {}, `${k.name}\n${amount(ys[i], "FLOP/s")} at ${
      xs[i].toFixed(1)} FLOP per byte`));
    picture.append(dot);
  });
  at("roofline").replaceChildren(picture);
}
function show(i) {
  const k = data.kernels[i];
  document.querySelectorAll("tr.on").forEach(r => r.classList.remove("on"));
  const row = document.querySelector(`tr[data-kernel="${i}"]`);
  if (row) row.classList.add("on");
  at("bound").textContent = `${k.name}: ${time(k.us)}, bound by ${k.bound}. Busy: ` +
    k.busy.map(b => `${b[0]} ${share(b[1])}`).join(", ") + ". Moved: " +
    k.paths.map(p => `${p[0]} ${amount(p[1], "B")}`).join(", ") + ".";
  at("savings").replaceChildren(...k.savings.slice(0, 4).map(s => make("li", {}, s)));
  timeline(k);
  memory(k);
}
head();
kernelTable();
roofline();
data.kernels.forEach((k, i) => {
  if (k.spans) at("choice").append(make("option", { value: i }, k.name));
});
at("choice").onchange = e => show(+e.target.value);
if (data.kernels.length && data.kernels[0].spans) show(0);
document.body.dataset.drawn = "yes";
</script></body></html>
)page";

} // namespace tessera::machine
