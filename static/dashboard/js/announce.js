// Words for a screen reader: new critical tickets and breaches only, at most one sentence in ten seconds.

import { setText } from "./dom.js";
import { plural } from "./format.js";

const REST_MS = 10_000;

export function sentence(news) {
  const parts = [];
  for (const [kind, one, many] of [
    ["critical", "new critical ticket", "new critical tickets"],
    ["breach", "SLA breached", "SLAs breached"],
  ]) {
    const items = news.filter((item) => item.kind === kind);
    if (items.length) parts.push(`${plural(items.length, one, many)}: ${items[0].title}`);
  }
  return parts.join(". ");
}

export class Announcer {
  constructor(element) {
    this.element = element;
    this.waiting = [];
    this.lastAt = 0;
  }

  add(news) {
    if (!news.length) return;
    this.waiting.push(...news);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.say(), Math.max(0, this.lastAt + REST_MS - Date.now()));
  }

  say() {
    this.lastAt = Date.now();
    setText(this.element, sentence(this.waiting));
    this.waiting = [];
  }
}
