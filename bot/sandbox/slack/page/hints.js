/** Words that hold a command to try: the command becomes a button that puts it into the composer. */

import { h } from "./dom.js";
import { plain } from "./mrkdwn.js";

/** `pick(command)` is called when the command is pressed. A command is fenced by backticks, or runs to the end of the words. */
export function withCommand(words, pick) {
  const [whole, fenced, bare] = /`(\/[^`]+)`|(?<!\S)(\/[a-z].*)$/.exec(words) ?? [];
  const command = fenced ?? bare;
  if (!command) return plain(words);
  const at = words.indexOf(whole);
  const button = h(
    "button",
    { type: "button", class: "hint", title: "Put this into the composer", click: () => pick(command) },
    command,
  );
  return [plain(words.slice(0, at)), button, plain(words.slice(at + whole.length))];
}
