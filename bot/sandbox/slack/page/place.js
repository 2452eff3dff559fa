/**
 * Where a person is in the page, kept in the address so that it can be linked to and gone back from:
 * `#as=U…&channel=C…&thread=TS`, `…&message=TS`, or `#as=U…&home=1`; a permalink comes as `#C…/p…`.
 */

const NAMES = ["as", "channel", "thread", "home", "message"];
const PERMALINK = /^#([CDG]\w+)\/p(\d+)(\d{6})$/;

export function readPlace() {
  const link = PERMALINK.exec(location.hash);
  if (link) return { as: null, channel: link[1], thread: null, home: null, message: `${link[2]}.${link[3]}` };
  const read = new URLSearchParams(location.hash.slice(1));
  return Object.fromEntries(NAMES.map((name) => [name, read.get(name) || null]));
}

/** Go somewhere else; what is not named stays, except that a thread belongs to its channel. */
export function go(changes) {
  const left = "channel" in changes || "as" in changes || "home" in changes ? { thread: null, message: null } : {};
  const next = { ...readPlace(), ...left, ...changes };
  const kept = NAMES.filter((name) => next[name]).map((name) => [name, next[name]]);
  location.hash = new URLSearchParams(kept).toString();
}
