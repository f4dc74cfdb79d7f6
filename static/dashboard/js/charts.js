// Three small charts, drawn as SVG from the board. Each says its figures in words for those who cannot see it.

import { $, renderWhenChanged } from "./dom.js";
import { countText, plural, SEVERITIES } from "./format.js";

const NS = "http://www.w3.org/2000/svg";
const WIDTH = 360;
const HEIGHT = 110;
const FLOOR = 92; // the axis; below it the labels

function svg(tag, attributes, text) {
  const element = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

function canvas(words, parts) {
  const root = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": words });
  root.append(...parts);
  return root;
}

const bar = (className, x, y, width, height, title) => {
  const rect = svg("rect", { class: className, x, y, width, height: Math.max(0, height), rx: 1 });
  if (title) rect.append(svg("title", {}, title));
  return rect;
};

const label = (x, text, anchor = "middle", y = HEIGHT - 4) =>
  svg("text", { x, y, "text-anchor": anchor }, text);
const nothing = (text) => label(WIDTH / 2, text, "middle", 50);
const hourOf = (iso) => `${String(new Date(iso).getHours()).padStart(2, "0")}:00`;
const dayOf = (iso) => {
  const day = new Date(`${iso}T00:00:00`);
  return `${day.getDate()} ${day.toLocaleString("en", { month: "short" })}`;
};

/** Stacked bars, the gravest at the bottom. */
export function hours(perHour) {
  const totals = perHour.map((hour) => SEVERITIES.reduce((sum, name) => sum + (hour[name] || 0), 0));
  const top = Math.max(1, ...totals);
  const step = (WIDTH - 28) / Math.max(1, perHour.length);
  const parts = [
    svg("line", { class: "axis", x1: 28, x2: WIDTH, y1: FLOOR, y2: FLOOR }),
    label(24, countText(top), "end", 16),
    label(24, "0", "end", FLOOR),
  ];
  perHour.forEach((hour, index) => {
    let y = FLOOR;
    for (const name of SEVERITIES) {
      const height = ((hour[name] || 0) / top) * (FLOOR - 8);
      y -= height;
      if (height)
        parts.push(
          bar(
            `fill-${name}`,
            28 + index * step + 1,
            y,
            step - 2,
            height,
            `${hourOf(hour.hour)} ${name}: ${hour[name]}`,
          ),
        );
    }
    if (index % 6 === 0) parts.push(label(28 + index * step, hourOf(hour.hour), "start"));
  });
  const sum = totals.reduce((a, b) => a + b, 0);
  if (!sum) parts.push(nothing("No tickets in these hours"));
  return canvas(`${plural(sum, "ticket")} in ${perHour.length} hours, at most ${top} in one hour`, parts);
}

/** One bar a day: the share of acknowledged tickets that met their SLA; a day without any stays empty. */
export function days(byDay) {
  const step = (WIDTH - 40) / Math.max(1, byDay.length);
  const parts = [
    svg("line", { class: "axis", x1: 40, x2: WIDTH, y1: FLOOR, y2: FLOOR }),
    label(36, "100 %", "end", 16),
    label(36, "0", "end", FLOOR),
  ];
  const words = [];
  byDay.forEach(({ day, met, breached }, index) => {
    const x = 40 + index * step + 2;
    if (index % 3 === 0) parts.push(label(x, dayOf(day), "start"));
    if (!(met + breached)) return;
    const share = met / (met + breached);
    const height = share * (FLOOR - 8);
    const title = `${dayOf(day)}: ${Math.round(share * 100)} % of ${met + breached} met`;
    words.push(title);
    parts.push(
      bar("fill-missed", x, 8, step - 4, FLOOR - 8 - height, title),
      bar("fill-met", x, FLOOR - height, step - 4, height, title),
    );
  });
  if (!words.length) parts.push(nothing("Nothing acknowledged in these days"));
  return canvas(
    words.length ? words.slice(-7).join("; ") : "No ticket was acknowledged in these days",
    parts,
  );
}

/** Horizontal bars with the name above each, as names of errors are long. */
export function errors(types) {
  const top = Math.max(1, ...types.map((type) => type.count));
  const parts = types.slice(0, 5).flatMap(({ error_type: name, count }, index) => {
    const y = index * 22;
    return [
      label(0, name.length > 44 ? `${name.slice(0, 43)}…` : name, "start", y + 11),
      label(WIDTH, countText(count), "end", y + 11),
      bar("fill-track", 0, y + 15, WIDTH, 4),
      bar("fill-count", 0, y + 15, (count / top) * WIDTH, 4, `${name}: ${count}`),
    ];
  });
  if (!types.length) parts.push(nothing("No tickets in seven days"));
  return canvas(
    types.length
      ? types.map((type) => `${type.error_type}: ${type.count}`).join("; ")
      : "No ticket in seven days",
    parts,
  );
}

export function drawCharts(board) {
  if (!board) return;
  renderWhenChanged($("chart-hours"), board.per_hour, () => [hours(board.per_hour)]);
  renderWhenChanged($("chart-days"), board.sla_by_day, () => [days(board.sla_by_day)]);
  renderWhenChanged($("chart-errors"), board.error_types, () => [errors(board.error_types)]);
}
