/** One turn, as the API takes it; a `tool` turn is a lookup that only the agent sees. */
export interface Turn {
  role: "user" | "agent" | "tool";
  text: string;
  facts?: Record<string, string | number | boolean | null>;
}

/** A real conversation, to step through. */
export interface Script {
  id: string;
  turns: Turn[];
}

/** Where the person is: what was said, and what is left of the script. */
export interface Scene {
  /** Of the script; empty when both sides are written by hand. */
  script: string;
  said: Turn[];
  /** Turns of the script that were played, those of its agent included. */
  played: number;
}

/** A conversation that nobody began. */
export const BLANK: Scene = { script: "", said: [], played: 0 };

/** The beginning of a script, up to the agent's first turn. */
export function begin(script: Script): Scene {
  return playOn({ script: script.id, said: [], played: 0 }, script);
}

/** After the agent sent a message of their own in place of the script's. */
export function answered(scene: Scene, script: Script | null, text: string): Scene {
  const said = [...scene.said, { role: "agent" as const, text }];
  if (!script) return { ...scene, said };
  const next = { ...scene, said, played: scene.played + (due(scene, script) ? 1 : 0) };
  return playOn(next, script);
}

/** What the script's agent wrote at this point; null at its end. */
export function due(scene: Scene, script: Script): Turn | null {
  const turn = script.turns[scene.played];
  return turn?.role === "agent" ? turn : null;
}

/** Whether nothing is left of the script. */
export function isOver(scene: Scene, script: Script): boolean {
  return scene.played >= script.turns.length;
}

/* Customers and lookups go on by themselves; the agent's turn is the person's. */
function playOn(scene: Scene, script: Script): Scene {
  const said = [...scene.said];
  let played = scene.played;
  for (
    let turn = script.turns[played];
    turn && turn.role !== "agent";
    turn = script.turns[played]
  ) {
    said.push(turn);
    played += 1;
  }
  return { ...scene, said, played };
}
