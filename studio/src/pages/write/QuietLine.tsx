import type { Keeper } from "./document/keeper";
import type { Suggester } from "./suggest/suggester";

/** What the last suggestion cost, and how much of the text was accepted. */
export function QuietLine({ keeper, suggester }: { keeper: Keeper; suggester: Suggester }) {
  const facts = suggester.facts.value;
  const { typed, accepted } = keeper.counts.value;
  const all = typed + accepted;
  return (
    <p class="write-quiet numbers">
      {keeper.kept.value === "failing" ? (
        <span class="write-failing">This browser cannot keep it: download the text</span>
      ) : (
        <span>Kept in this browser</span>
      )}
      {facts && <span>Suggested {Math.round(facts.firstMs)} ms after the key</span>}
      {facts?.usage && (
        <span>
          {facts.usage.cached} of {facts.usage.prompt} tokens remembered
        </span>
      )}
      {accepted > 0 && <span>{Math.round((100 * accepted) / all)} % accepted</span>}
    </p>
  );
}
