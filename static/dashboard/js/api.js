// Same-origin calls with the session cookie. Every failure is an Error whose message may be shown to a reader.

export class ApiError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

function csrfToken() {
  return document.cookie.match(/(?:^|;\s*)csrftoken=([^;]+)/)?.[1] ?? "";
}

function explain(body, status) {
  if (status === 401) return "You are signed out. Sign in again.";
  const detail = body?.detail ?? body?.error ?? body?.message;
  if (typeof detail === "string") return detail;
  if (body && typeof body === "object")
    return Object.entries(body)
      .map(([key, value]) => `${key}: ${value}`)
      .join("; ");
  return `The server answered ${status}.`;
}

async function call(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", cache: "no-cache", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError("The server cannot be reached.", 0);
  }
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(explain(body, response.status), response.status);
  return body ?? {};
}

export const get = (path, signal) => call(path, { headers: { Accept: "application/json" }, signal });

export const post = (path, body = {}) =>
  call(path, {
    method: "POST",
    headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
    body: JSON.stringify(body),
  });

/** The `next` of a list may name another host name of the same server: only its path is followed. */
export function samePath(url) {
  if (!url) return null;
  const { pathname, search } = new URL(url, location.href);
  return pathname + search;
}

export const ticketPath = (id, verb = "") =>
  `/api/tickets/${encodeURIComponent(id)}${verb ? `/${verb}` : ""}`;

/** True unless the server says clearly that nobody is signed in: an unreachable server is no sign-out. */
export async function isSignedIn() {
  try {
    await get("/api/me");
    return true;
  } catch (error) {
    return error.status !== 401 && error.status !== 403;
  }
}
