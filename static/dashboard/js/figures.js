// The four figures, the counts on the tabs and the page's title.

import { $, setText } from "./dom.js";
import { countdownText, countText, plural, spanText } from "./format.js";
import { figures } from "./select.js";

const others = (n) => (n ? ` · ${countText(n)} more in progress` : "");

export function drawFigures(state, now) {
  const { board } = state;
  const sum = figures(state, now);
  setText($("figure-open"), countText(sum.open));
  setText($("figure-breached"), countText(sum.breached));
  $("figure-breached").dataset.alarm = sum.breached ? "yes" : "no";
  setText($("figure-risk"), countText(sum.risk));
  drawCounts(state, sum);
  document.title = `${sum.breached ? `(${sum.breached}) ` : ""}Live · AIOps desk`;
  if (board) drawNotes(board, sum, now);
}

function drawNotes(board, sum, now) {
  setText($("figure-open-note"), `+${countText(board.open.last_hour)} in the last hour`);
  const oldest = sum.oldestDue ? `oldest ${spanText((now - sum.oldestDue) / 1000)}` : "none";
  setText($("figure-breached-note"), oldest + others(board.breached.in_progress));
  const next = sum.nextDue
    ? `next in ${countdownText(Math.max(0, sum.nextDue - now)).replace(/^00:/, "")}`
    : "none due";
  setText($("figure-risk-note"), next + others(board.at_risk.in_progress));
  const median = board.median_ack_seconds;
  setText($("figure-median"), spanText(median?.value));
  setText(
    $("figure-median-note"),
    median?.value == null ? "nothing acknowledged in 24 h" : `last 24 h, ${plural(median.sample, "ticket")}`,
  );
}

function drawCounts(state, sum) {
  setText($("count-open"), countText(sum.open));
  setText($("count-in_progress"), countText(state.board?.in_progress.count));
  setText($("count-closed"), countText(state.board?.closed.count));
}

const STATE_WORDS = { connecting: "Connecting", live: "Live", lost: "Offline", "signed-out": "Signed out" };

/** The connection state and its banner; the seconds tick outside the status region, so they are not read aloud. */
export function drawConnection({ state, since, retryAt }, showClock, now) {
  $("connection").dataset.state = state;
  setText($("connection-text"), STATE_WORDS[state]);
  const isOut = state === "signed-out";
  $("banner").hidden = state !== "lost" && !isOut;
  $("retry").hidden = isOut;
  $("sign-in").hidden = !isOut;
  if (isOut) $("sign-in").search = `?next=${encodeURIComponent(location.pathname + location.search)}`;
  if (state === "lost") setText($("banner-text"), `Connection lost. Showing data from ${showClock(since)}.`);
  else if (isOut) setText($("banner-text"), "You are signed out. Sign in again to go on.");
  else setText($("banner-text"), "");
  const seconds = retryAt ? Math.max(0, Math.ceil((retryAt - now) / 1000)) : 0;
  const wait = seconds ? `Reconnecting in ${seconds} s.` : "Reconnecting now.";
  setText($("banner-wait"), state === "lost" ? wait : "");
}
