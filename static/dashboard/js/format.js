// Words and figures as people read them. Pure: every function takes what it needs, the time included.

export const SEVERITIES = ["Critical", "High", "Medium", "Low"];

const SOURCES = {
  adf: "Data Factory",
  databricks: "Databricks",
  databricks_clusters: "Databricks clusters",
  azure_functions: "Azure Functions",
  synapse: "Synapse",
};

const two = (n) => String(n).padStart(2, "0");

export function sourceName(code) {
  return SOURCES[code] || code || "Unknown source";
}

/** 96746 as "96 746": a narrow no-break space, which no locale takes for a decimal point. */
export function countText(n) {
  return n == null ? "–" : String(n).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** Milliseconds to a deadline as "00:12:41", "−00:12:41" once it has passed, "−5 d 03 h" beyond 99 hours. */
export function countdownText(ms) {
  const sign = ms < 0 ? "\u2212" : "";
  // A deadline that passed 0.4 s ago reads −00:00:00, never 00:00:00 and breached.
  const total = Math.floor(Math.abs(ms) / 1000);
  const hours = Math.floor(total / 3600);
  if (hours > 99) return `${sign}${Math.floor(hours / 24)} d ${two(hours % 24)} h`;
  return `${sign}${two(hours)}:${two(Math.floor(total / 60) % 60)}:${two(total % 60)}`;
}

/** Which colour a countdown wears: breached, urgent (under two minutes), risk (under fifteen), calm. */
export function countdownState(ms) {
  if (ms < 0) return "breached";
  if (ms < 120_000) return "urgent";
  return ms < 900_000 ? "risk" : "calm";
}

/** How long ago, coarsely: "now", "24 min", "5 h", "3 d". */
export function ageText(ms) {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return "now";
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 2880) return `${Math.floor(minutes / 60)} h`;
  return `${Math.floor(minutes / 1440)} d`;
}

/** A span with two units at most: "45 s", "6 min", "3 h 12 min", "2 d 4 h". */
export function spanText(seconds) {
  if (seconds == null) return "–";
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return hours % 24 ? `${Math.floor(hours / 24)} d ${hours % 24} h` : `${Math.floor(hours / 24)} d`;
}

/** "17:04:12" in the reader's own zone. */
export function clockText(ms) {
  const at = new Date(ms);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** "17:04" today, "19 Nov 17:04" on another day. */
export function momentText(value, now) {
  const at = new Date(value);
  if (value == null || value === "" || Number.isNaN(at.getTime())) return "–";
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (at.toDateString() === new Date(now).toDateString()) return time;
  return `${at.getDate()} ${at.toLocaleString("en", { month: "short" })} ${time}`;
}

/** A person in JSON may be a name, an address or an object with either. */
export function personName(value) {
  if (!value) return "";
  if (typeof value === "object") return value.full_name || value.name || value.email || "";
  return String(value);
}

export function plural(n, one, many = `${one}s`) {
  return `${countText(n)} ${n === 1 ? one : many}`;
}

/** "pipeline — error type": what a ticket is called everywhere. */
export function ticketTitle(ticket) {
  return [ticket.pipeline || ticket.affected_entity || "Unnamed resource", ticket.error_type]
    .filter(Boolean)
    .join(" — ");
}

/** Only http and https addresses become links; anything else in vendor data stays text. */
export function safeUrl(value) {
  try {
    const url = new URL(value);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : "";
  } catch {
    return "";
  }
}
