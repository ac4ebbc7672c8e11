import type { History } from "./store";
import { moment, moves } from "./words";

/** Where the aliases of a model have been, the newest move first. */
export function AliasHistory({ history }: { history: History }) {
  const found = moves(history.history);
  return (
    <section class="card" aria-labelledby="models-aliases">
      <h2 id="models-aliases">Aliases</h2>
      {found.length === 0 && <p class="quiet small">No alias was ever pointed at this model.</p>}
      <ol class="models-moves">
        {found.map(({ record, what, inForce }) => (
          <li key={`${record.alias} ${record.number}`} class={inForce ? "now" : ""}>
            <p>
              {what} {inForce && <span class="tag good">in force</span>}
            </p>
            <p class="small quiet">
              <time dateTime={record.at}>{moment(record.at)}</time>
              {record.actor && ` by ${record.actor}`}
              {record.reason && `: ${record.reason}`}
            </p>
          </li>
        ))}
      </ol>
    </section>
  );
}
