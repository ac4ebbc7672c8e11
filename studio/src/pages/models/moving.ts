import type { Move, Moved } from "./store";
import { moveWords } from "./words";

/* By which name requests reach what an alias points at. */
function reference(model: string, alias: string): string {
  return alias === "production" ? model : `${model}@${alias}`;
}

/** What the dialog of a move is called. */
export function moveTitle(move: Move): string {
  if (move.kind === "retire") return `Take ${move.alias} out of service`;
  if (move.kind === "rollback") return `Roll ${move.alias} back to ${move.to}`;
  return `Put ${move.to} into ${move.alias}`;
}

/** What its button says. */
export function moveVerb(move: Move): string {
  if (move.kind === "retire") return "Take out of service";
  return move.kind === "rollback" ? "Roll back" : `Put into ${move.alias}`;
}

/** What a move will do, in sentences. */
export function whatHappens(model: string, move: Move): string[] {
  const name = reference(model, move.alias);
  if (move.kind === "retire") {
    return [
      `From then on requests to ${name} are refused: it is not served under this name any more. Requests that are under way are not disturbed.`,
      `${move.from} stays in the store; rolling ${move.alias} back puts it into service again.`,
    ];
  }
  const instead = move.from
    ? `, instead of ${move.from}. Requests that are under way are not disturbed.`
    : ".";
  return [
    `Requests to ${name} are answered by ${move.to} from then on${instead}`,
    ...(move.kind === "rollback" && move.from
      ? [`${move.from} stays in the store; rolling back again goes further back, not to it.`]
      : []),
  ];
}

/** What became of a move: in words, and what went wrong when the server looked at the store. */
export function outcome(model: string, move: Move, moved: Moved): { words: string; bad: string } {
  const name = reference(model, move.alias);
  const failure = moved.readiness.failures[name] ?? "";
  return {
    words: `${moveWords(moved.record, move.from)}.`,
    bad: failure && `This server could not load it and answers as before: ${failure}`,
  };
}
