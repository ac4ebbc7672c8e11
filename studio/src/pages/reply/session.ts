import { effect, signal } from "@preact/signals";
import { BLANK, type Scene } from "./conversation";
import { type Draft, EMPTY } from "./draft";
import { NOTHING, type Tally } from "./tally";

/** One conversation and the message that is being written in it. */
export interface Talk {
  scene: Scene;
  draft: Draft;
  /** Characters of the draft that were typed. */
  typed: number;
  /** Who writes the next message; only the agent is suggested to. */
  as: "agent" | "user";
}

/** Everything that must outlive a reload. */
export interface Session extends Talk {
  tally: Tally;
  /** Conversations that were left, by script, to go on where they were. */
  left: Readonly<Record<string, Talk>>;
}

const FRESH: Session = {
  scene: BLANK,
  draft: EMPTY,
  typed: 0,
  as: "agent",
  tally: NOTHING,
  left: {},
};
const PLACE = "cuebox.reply.session";

/** The session, or null when this browser has none. */
function restore(): Session | null {
  // This tab's own first; of a browser that was started anew, the last one's.
  for (const storage of storages()) {
    try {
      const found: unknown = JSON.parse(storage().getItem(PLACE) ?? "null");
      if (isSession(found)) return found;
    } catch {
      // Off, or written by another version.
    }
  }
  return null;
}

/** The session of this tab, kept at every key. */
export function keptSession(): { value: Session; peek(): Session; isNew: boolean } {
  const restored = restore();
  const session = signal<Session>(restored ?? FRESH);
  effect(() => {
    const content = JSON.stringify(session.value);
    for (const storage of storages()) {
      try {
        storage().setItem(PLACE, content);
      } catch {
        // Full or off: it then lasts as long as the page.
      }
    }
  });
  return Object.assign(session, { isNew: restored === null });
}

function storages(): (() => Storage)[] {
  return [() => sessionStorage, () => localStorage];
}

function isSession(value: unknown): value is Session {
  if (typeof value !== "object" || value === null) return false;
  const { scene, draft, typed, tally, as, left } = value as Partial<Session>;
  return (
    Array.isArray(scene?.said) &&
    typeof draft?.text === "string" &&
    Array.isArray(draft.gaps) &&
    typeof typed === "number" &&
    typeof tally?.sent === "number" &&
    typeof left === "object" &&
    (as === "agent" || as === "user")
  );
}
