// The only ways this page makes and changes elements. Text is always a text node; markup is never parsed.

import { safeUrl } from "./format.js";

export const $ = (id) => document.getElementById(id);

/** Sets text only where it differs: an equal write would still cost layout and disturb a selection. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setData(element, key, value) {
  if (element.dataset[key] !== value) element.dataset[key] = value;
}

/** h("p", {className: "muted"}, "text", node): properties by name, `data` into the dataset, `aria` as attributes. */
export function h(tag, { data = {}, aria = {}, ...properties } = {}, ...children) {
  const element = document.createElement(tag);
  Object.assign(element, properties);
  Object.assign(element.dataset, data);
  for (const [key, value] of Object.entries(aria)) element.setAttribute(`aria-${key}`, value);
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

/** A link to another system, or plain text where the address is not one of the web's. */
export function outLink(address, text) {
  const href = safeUrl(address);
  return href ? h("a", { href, target: "_blank", rel: "noreferrer noopener" }, text) : h("span", {}, text);
}

/** Replaces the content of a section only when what it was made from has changed; focus inside survives. */
export function renderWhenChanged(element, source, make) {
  const key = JSON.stringify(source) ?? "";
  if (element.renderedFrom === key) return;
  element.renderedFrom = key;
  element.replaceChildren(...make());
}

export function fillSelect(select, values, current) {
  const wanted = current && !values.includes(current) ? [current, ...values] : values;
  const known = [...select.options].slice(1).map((option) => option.value);
  if (known.join("\n") !== wanted.join("\n")) {
    select.replaceChildren(select.options[0], ...wanted.map((value) => new Option(value, value)));
  }
  select.value = current;
}
