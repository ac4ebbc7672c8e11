import type { Desk } from "./desk";

type KeyEvent = KeyboardEvent & { currentTarget: HTMLTextAreaElement };

/** The keys of the composer, as the line below it tells. */
export function composerKeys(desk: Desk): (event: KeyEvent) => void {
  let leaving = false;
  return (event) => {
    desk.suggester.key(event.timeStamp);
    // Safari ends a composition before it tells of the key that ended it, as key 229.
    if (event.isComposing || event.keyCode === 229 || MODIFIERS.has(event.key)) return;
    const left = leaving;
    leaving = event.key === "Escape" && !desk.dismiss();
    if (event.key === "Escape" || (event.key === "Tab" && left)) return;
    if (handle(desk, event)) event.preventDefault();
  };
}

const MODIFIERS = new Set(["Shift", "Alt", "Control", "Meta"]);

function handle(desk: Desk, event: KeyEvent): boolean {
  switch (event.key) {
    case "ArrowDown":
    case "ArrowUp":
      return !event.shiftKey && step(desk, event.key === "ArrowDown" ? 1 : -1);
    case "ArrowRight":
      return !event.shiftKey && atEnd(event.currentTarget) && desk.takeGhost("word");
    case "Enter":
      return !event.shiftKey && enter(desk, event);
    case "z":
      return (event.ctrlKey || event.metaKey) && !event.shiftKey && desk.putBack();
    case "Tab":
      return tab(desk, event);
    default:
      return event.altKey && byNumber(desk, event);
  }
}

function step(desk: Desk, by: 1 | -1): boolean {
  if (desk.replies.peek().length === 0) return false;
  desk.step(by);
  return true;
}

function enter(desk: Desk, { ctrlKey, metaKey, repeat }: KeyEvent): boolean {
  const selected = desk.selected.peek();
  // A key that is held down takes a reply, and must not send it a moment later.
  if (repeat) return true;
  if (ctrlKey || metaKey) desk.send();
  else if (selected >= 0) desk.take(selected);
  else if (!desk.toOpenGap()) desk.send();
  return true;
}

function tab(desk: Desk, event: KeyEvent): boolean {
  const { selectionStart: start, selectionEnd: end } = event.currentTarget;
  if (event.shiftKey) return desk.toGap({ start, end }, -1);
  if (desk.toGap({ start, end }, 1)) return true;
  if (atEnd(event.currentTarget) && desk.takeGhost("all")) return true;
  return desk.session.peek().draft.text === "" && desk.take(Math.max(0, desk.selected.peek()));
}

function byNumber(desk: Desk, event: KeyEvent): boolean {
  const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
  return digit !== undefined && desk.take(Number(digit) - 1);
}

function atEnd({ selectionStart, selectionEnd, value }: HTMLTextAreaElement): boolean {
  return selectionStart === value.length && selectionEnd === value.length;
}
