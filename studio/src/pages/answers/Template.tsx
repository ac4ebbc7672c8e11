import { piecesOf } from "./slots";

/** A template with its slots told apart from its words. */
export function Template({ text }: { text: string }) {
  return (
    <>
      {piecesOf(text).map(({ text: part, slot }, place) =>
        slot ? (
          <span key={place} class="answers-slot">
            {part.replaceAll("_", " ")}
          </span>
        ) : (
          part
        ),
      )}
    </>
  );
}
