// The server's time. A wall display whose own clock is wrong must not show wrong deadlines.

const TOLERATED_MS = 5000; // the board may be cached for two seconds and travel for a while
let skew = 0;

export const now = () => Date.now() + skew;

export function learn(serverTime) {
  const difference = Date.parse(serverTime) - Date.now();
  if (!Number.isNaN(difference)) skew = Math.abs(difference) > TOLERATED_MS ? difference : 0;
}
