// The SLA cell: a countdown while the clock runs, the verdict once the ticket is acknowledged.

import { setData, setText } from "./dom.js";
import { countdownState, countdownText } from "./format.js";

const SPOKEN = { breached: "SLA breached ", urgent: "SLA due in ", risk: "SLA due in ", calm: "SLA due in " };

/** What a ticket's SLA shows at a moment: text, colour, and the words that only a screen reader needs. */
export function slaLook(row, now) {
  if (row.status === "acknowledged") {
    if (row.verdict === "Breached") return { text: "Breached", state: "breached", spoken: "SLA " };
    return {
      text: row.verdict === "Met" ? "Met" : "–",
      state: row.verdict === "Met" ? "calm" : "none",
      spoken: "SLA ",
    };
  }
  if (row.due === null) return { text: "–", state: "none", spoken: "No SLA " };
  const left = row.due - now;
  const state = countdownState(left);
  return { text: countdownText(left), state, spoken: SPOKEN[state] };
}

/** Draws it into `element` (the pill) and its first child (the spoken words). */
export function drawSla(element, row, now) {
  const { text, state, spoken } = slaLook(row, now);
  setData(element, "state", state);
  setText(element.firstElementChild, spoken);
  setText(element.lastElementChild, text);
}
