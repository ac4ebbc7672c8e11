import type { History, Move } from "./store";
import { moment, moves, type PastMove } from "./words";

/** Where the aliases of a model have been, the newest move first, and the way back. */
export function AliasHistory({
  history,
  onMove,
}: {
  history: History;
  onMove: (move: Move) => void;
}) {
  const found = moves(history.history);
  return (
    <section class="card" aria-labelledby="models-aliases">
      <h2 id="models-aliases">Aliases</h2>
      {found.length === 0 && <p class="quiet small">No alias was ever pointed at this model.</p>}
      <ol class="models-moves">
        {found.map((past) => (
          <li key={`${past.record.alias} ${past.record.number}`} class={past.inForce ? "now" : ""}>
            <p>
              {past.what} {past.inForce && <span class="tag good">in force</span>}
            </p>
            <p class="small quiet">
              <time dateTime={past.record.at}>{moment(past.record.at)}</time>
              {past.record.actor && ` by ${past.record.actor}`}
              {past.record.reason && `: ${past.record.reason}`}
            </p>
            {past.inForce && <Buttons past={past} onMove={onMove} />}
          </li>
        ))}
      </ol>
    </section>
  );
}

function Buttons({ past, onMove }: { past: PastMove; onMove: (move: Move) => void }) {
  const { record, previous } = past;
  const { alias, version: from, number: expected } = record;
  if (previous === null && from === null) return null;
  return (
    <p class="actions">
      {previous !== null && (
        <button
          class="button small"
          type="button"
          aria-label={`Roll back ${alias}`}
          onClick={() => onMove({ kind: "rollback", alias, from, to: previous, expected })}
        >
          Roll back
        </button>
      )}
      {from !== null && (
        <button
          class="button small"
          type="button"
          aria-label={`Take out of service: ${alias}`}
          onClick={() => onMove({ kind: "retire", alias, from, to: null, expected })}
        >
          Take out of service
        </button>
      )}
    </p>
  );
}
