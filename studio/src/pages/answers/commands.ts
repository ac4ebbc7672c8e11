/** What a key does on this page. */
export type Command =
  | "next"
  | "previous"
  | "first"
  | "last"
  | "pageDown"
  | "pageUp"
  | "accept"
  | "reject"
  | "reset"
  | "reword"
  | "tag"
  | "merge"
  | "apart"
  | "note"
  | "undo"
  | "search"
  | "add"
  | "open"
  | "back"
  | "help";

/** A key and what it does, in words. */
export const KEYS: readonly { keys: readonly string[]; command: Command; what: string }[] = [
  { keys: ["j", "ArrowDown"], command: "next", what: "next answer" },
  { keys: ["k", "ArrowUp"], command: "previous", what: "answer before" },
  { keys: ["PageDown"], command: "pageDown", what: "ten further" },
  { keys: ["PageUp"], command: "pageUp", what: "ten back" },
  { keys: ["Home"], command: "first", what: "first answer" },
  { keys: ["End"], command: "last", what: "last answer" },
  { keys: ["a"], command: "accept", what: "accept, and go on" },
  { keys: ["r"], command: "reject", what: "reject, and go on" },
  { keys: ["p"], command: "reset", what: "leave undecided" },
  { keys: ["e"], command: "reword", what: "reword" },
  { keys: ["t"], command: "tag", what: "tag" },
  { keys: ["n"], command: "note", what: "note" },
  { keys: ["m"], command: "merge", what: "merge with an answer that says the same" },
  { keys: ["s"], command: "apart", what: "take a merged answer apart again" },
  { keys: ["u"], command: "undo", what: "undo" },
  { keys: ["+"], command: "add", what: "write an answer of your own" },
  { keys: ["/"], command: "search", what: "search" },
  { keys: ["Enter"], command: "open", what: "open" },
  { keys: ["Escape"], command: "back", what: "back to the list" },
  { keys: ["?"], command: "help", what: "these keys" },
];

const COMMANDS = new Map(KEYS.flatMap(({ keys, command }) => keys.map((key) => [key, command])));
const TEXTS = "textarea, select, [contenteditable], input:not([type=radio], [type=checkbox])";
const MOVES = /^(Arrow|Page|Home|End)/;

/** The command of a key press; null where the key belongs to what has the focus. */
export function commandOf(event: KeyboardEvent): Command | null {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return null;
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest(`dialog, ${TEXTS}`)) return null;
  if (target?.closest("input") && MOVES.test(event.key)) return null;
  if (target?.closest("button, a, summary") && event.key === "Enter") return null;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return COMMANDS.get(key) ?? null;
}
