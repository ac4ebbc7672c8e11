import { waysOf } from "./merging";
import type { Answer } from "./types";

/** The messages of the past in which an answer was found, as they were written. */
export function Ways({ answer }: { answer: Answer }) {
  const ways = waysOf(answer);
  if (!ways.length) return null;
  const asItStands = ways.length === 1 && ways[0] === answer.text;
  return (
    <section class="answers-part">
      <h2>
        How it was said
        {answer.count > 0 && (
          <span class="quiet numbers"> {answer.count.toLocaleString("en")}×</span>
        )}
      </h2>
      {asItStands ? (
        <p class="small quiet">Word for word as it stands above.</p>
      ) : (
        <ul class="answers-ways">
          {ways.map((way) => (
            <li key={way}>{way}</li>
          ))}
        </ul>
      )}
    </section>
  );
}
