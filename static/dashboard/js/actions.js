// What a person does to a ticket: one POST each, over HTTP, so that it works without the socket too.

import { post, ticketPath } from "./api.js";
import { $, setText } from "./dom.js";

const PAST = {
  acknowledge: "Acknowledged",
  start: "Started",
  reopen: "Reopened",
  reanalyse: "Analysis asked for",
  comment: "Note added to",
  steps: "Checklist kept for",
  feedback: "Verdict kept for",
};
const NOTICE_MS = 6000;

export class Actions {
  /** `onTicket(ticket)` takes the ticket as the server has it after the change. */
  constructor(onTicket) {
    this.onTicket = onTicket;
  }

  notice(text, isProblem = false) {
    const element = $("notice");
    element.dataset.kind = isProblem ? "problem" : "done";
    element.setAttribute("role", isProblem ? "alert" : "status");
    setText(element, text);
    element.hidden = false;
    // A modal dialog covers the page: the notice is shown inside it while it is open.
    ($("detail").open ? $("detail") : document.body).append(element);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (element.hidden = true), isProblem ? 2 * NOTICE_MS : NOTICE_MS);
  }

  /** Runs one verb on one ticket; `button` is out of use meanwhile. True when it was done. */
  async run(verb, id, body = {}, button = null) {
    if (button?.getAttribute("aria-disabled") === "true") return false;
    button?.setAttribute("aria-disabled", "true");
    try {
      const { ticket } = await post(ticketPath(id, verb), body);
      if (ticket) this.onTicket(ticket);
      this.notice(`${PAST[verb]} ${id}.`);
      return true;
    } catch (error) {
      this.notice(`${id}: ${error.message}`, true);
      return false;
    } finally {
      button?.removeAttribute("aria-disabled");
    }
  }

  sendAgain(button) {
    return this.ask(
      `/api/deliveries/${encodeURIComponent(button.dataset.send)}/send`,
      "Queued to be sent again.",
      button,
    );
  }

  answerRemediation(button) {
    const { remediation, answer } = button.dataset;
    const path = `/api/remediation/${encodeURIComponent(remediation)}/${answer}`;
    return this.ask(path, answer === "approve" ? "Approved." : "Rejected.", button);
  }

  async ask(path, words, button) {
    button.setAttribute("aria-disabled", "true");
    try {
      await post(path);
      this.notice(words);
      return true;
    } catch (error) {
      this.notice(error.message, true);
      return false;
    } finally {
      button.removeAttribute("aria-disabled");
    }
  }

  async tick(box, id) {
    const isDone = await this.run("steps", id, { id: box.dataset.step, done: box.checked }, box);
    if (!isDone) box.checked = !box.checked;
    return isDone;
  }
}
