// What a ticket's detail says about the failure: each section gives the elements to show, or says why it is empty.

import { h, outLink } from "./dom.js";
import { momentText, personName, plural, sourceName } from "./format.js";

const LONG_TEXT = 240;

export const empty = (text) => [h("p", { className: "muted" }, text)];
export const stamp = (value, now) => h("time", { dateTime: value, title: value }, momentText(value, now));

function lastAt(ticket, now) {
  return momentText(ticket.timestamp, now);
}

/** Why nothing has been concluded yet, in the words of the way a ticket goes. */
function whyNoCause(ticket, now) {
  const since = lastAt(ticket, now);
  return (
    {
      received: `No analysis yet: received ${since}, waiting for evidence.`,
      enriched: "No analysis yet: evidence collected, analysis queued.",
      failed: `The analysis failed: ${ticket.processing_error || "the timeline says why"}. It can be asked for again.`,
    }[ticket.processing_state] || "No root cause was found."
  );
}

export const currentAnalysis = (ticket) =>
  (ticket.analyses || []).find((analysis) => analysis.is_current) || null;

function citations(numbers = []) {
  if (!numbers.length) return null;
  const links = numbers.map((number) =>
    h("button", { type: "button", className: "cite", data: { cite: number } }, `[${number}]`),
  );
  return h("p", { className: "muted" }, "Based on evidence ", ...links);
}

/** What people said of an analysis, and two buttons for one who may say something. */
function verdictPart(analysis, now, mayAct) {
  if (!analysis) return [];
  const given = (analysis.feedback || []).map((one) => verdictLine(one, now));
  if (!mayAct) return given;
  const choice = (label, verdict) => {
    const about = h("span", { className: "sr" }, ": the suggested root cause");
    return h("button", { type: "button", data: { verdict, analysis: analysis.id } }, label, about);
  };
  return [...given, h("p", { className: "choice" }, choice("Right", "right"), choice("Wrong", "wrong"))];
}

function verdictLine(one, now) {
  const who = ` says ${personName(one.author)}, ${momentText(one.created_at, now)}`;
  const better = [one.root_cause, one.fix].filter(Boolean).join(" · ");
  const word = h("b", {}, one.verdict === "right" ? "Right" : "Wrong");
  return h("p", { className: "prose" }, word, h("span", { className: "muted" }, who), better && `: ${better}`);
}

export function causePart(ticket, now, mayAct) {
  const analysis = currentAnalysis(ticket);
  const text = analysis?.root_cause || ticket.rca_result;
  if (!text) return empty(whyNoCause(ticket, now));
  const provider = analysis?.provider || ticket.rca_provider;
  const confidence = analysis?.confidence || ticket.confidence;
  const kind = analysis?.is_hypothesis ? "Hypothesis" : "Suggestion";
  const by = [provider, analysis?.model, confidence && `confidence ${confidence}`]
    .filter(Boolean)
    .join(" · ");
  const older = (ticket.analyses || []).filter((other) => other !== analysis);
  return [
    h("p", { className: "byline" }, h("span", { className: "tag" }, kind), ` ${by}`),
    h("p", { className: "prose" }, text),
    citations(analysis?.citations),
    ticket.cause_class &&
      h("p", { className: "muted" }, `Cause class: ${ticket.cause_class.replaceAll("_", " ")}`),
    ...verdictPart(analysis, now, mayAct),
    older.length > 0 &&
      h(
        "details",
        {},
        h("summary", {}, plural(older.length, "earlier analysis", "earlier analyses")),
        ...older.map((one) => olderAnalysis(one, now)),
      ),
  ].filter(Boolean);
}

function olderAnalysis(analysis, now) {
  const by = [analysis.provider, analysis.model, analysis.confidence].filter(Boolean).join(" · ");
  return h(
    "p",
    { className: "prose" },
    stamp(analysis.created_at, now),
    ` ${by}: ${analysis.root_cause || analysis.error || "no result"}`,
  );
}

export function evidencePart(ticket, now) {
  const items = ticket.evidence || [];
  if (!items.length) {
    const isWaiting = ticket.processing_state === "received";
    return empty(
      isWaiting
        ? "No evidence yet: it is being collected."
        : "No evidence could be collected for this failure.",
    );
  }
  return [h("ol", { className: "evidence" }, ...items.map((item) => evidenceItem(item, now)))];
}

function evidenceItem(item, now) {
  const title = item.title || item.kind.replaceAll("_", " ");
  const head = [
    outLink(item.source_url, title),
    h("span", { className: "muted" }, ` ${item.kind.replaceAll("_", " ")}, `, stamp(item.fetched_at, now)),
  ];
  const text = item.text || "";
  const body =
    text.length > LONG_TEXT
      ? h("details", {}, h("summary", {}, `${text.slice(0, LONG_TEXT).trim()}…`), h("pre", {}, text))
      : h("p", { className: "prose" }, text);
  return h("li", { id: `evidence-${item.number}`, value: item.number, tabIndex: -1 }, ...head, body);
}

export function recommendationsPart(ticket, now, mayAct) {
  const steps = ticket.steps || [];
  if (!steps.length) return empty("No recommendation: they come with the analysis.");
  return [h("ul", { className: "checklist" }, ...steps.map((step) => stepItem(step, now, mayAct)))];
}

function stepItem(step, now, mayAct) {
  const state = { type: "checkbox", checked: step.is_done, disabled: !mayAct };
  const words = h("span", {}, step.text);
  if (step.is_done) {
    const who = ` ${personName(step.done_by)}, ${momentText(step.done_at, now)}`;
    words.append(h("span", { className: "muted" }, who));
  }
  return h("li", {}, h("label", {}, h("input", { ...state, data: { step: step.id } }), words));
}

export function errorPart(ticket) {
  if (!ticket.error_message) return empty("The alert carried no error text.");
  const code = ticket.error_code && h("p", { className: "muted" }, `Code ${ticket.error_code}`);
  return [code, h("pre", { tabIndex: 0 }, ticket.error_message)].filter(Boolean);
}

export function payloadPart(ticket) {
  const text = ticket.raw_payload;
  if (!text) {
    return ticket.blob_log_url
      ? [h("p", {}, outLink(ticket.blob_log_url, "Archived payload"))]
      : empty("The payload is kept with the alert's event in the console.");
  }
  const size = text.length < 1024 ? `${text.length} characters` : `${(text.length / 1024).toFixed(1)} KB`;
  return [
    h(
      "details",
      {},
      h("summary", {}, `${sourceName(ticket.source)} alert, ${size}`),
      h("pre", { tabIndex: 0 }, text),
    ),
  ];
}
