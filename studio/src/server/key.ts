import { signal } from "@preact/signals";

/*
 * The API key lives in this tab's session storage: it survives a reload, not the tab, and is sent
 * in a header only.
 */
const PLACE = "cuebox.key";
/* Where storage is off; before its first reader below. */
let kept = "";

/** Why a key is asked for; null while none is. */
export const keyWanted = signal<string | null>(null);

/** Whether a key was given in this session. */
export const keyGiven = signal(read() !== "");

/** Counts the keys given and forgotten: with each, what was refused may be tried again. */
export const keyChanges = signal(0);

let waiting: ((given: boolean) => void)[] = [];
let declined = false;

/** The key of this session; empty when there is none. */
export function currentKey(): string {
  return read();
}

/**
 * Ask the person for a key, once for all requests that want one.
 *
 * Resolves to whether one was given. After a person declined, nobody is asked again until they
 * ask for the dialog themselves (`openKeyDialog`).
 */
export function wantKey(reason: string): Promise<boolean> {
  if (declined) return Promise.resolve(false);
  keyWanted.value = reason;
  return new Promise((resolve) => waiting.push(resolve));
}

/** Show the dialog because the person wants to enter or change the key. */
export function openKeyDialog(reason = ""): void {
  keyWanted.value = reason;
}

/** Take the key and let the requests that wait for it go on. */
export function giveKey(key: string): void {
  write(key.trim());
  declined = false;
  close(true);
  keyChanges.value += 1;
}

/** Whether a text can be a key: a header takes nothing but visible ASCII. */
export function canBeKey(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text.trim());
}

/** The person gives no key: what waits for it fails. */
export function declineKey(): void {
  declined = true;
  close(false);
}

/** Forget the key; nobody is asked for another until they want to give one. */
export function forgetKey(): void {
  write("");
  declined = true;
  close(false);
  keyChanges.value += 1;
}

function close(given: boolean): void {
  keyGiven.value = read() !== "";
  keyWanted.value = null;
  const asked = waiting;
  waiting = [];
  for (const tell of asked) tell(given);
}

function read(): string {
  try {
    const found = sessionStorage.getItem(PLACE) ?? "";
    return canBeKey(found) ? found : "";
  } catch {
    return kept;
  }
}

function write(key: string): void {
  kept = key;
  try {
    if (key) sessionStorage.setItem(PLACE, key);
    else sessionStorage.removeItem(PLACE);
  } catch {
    // Storage is off: the key then lives as long as the page.
  }
}
