import { bytes, type Part } from "./words";

/** Parts of a whole beside one another, and the same as a list with numbers. */
export function Bar({ parts, total }: { parts: readonly Part[]; total: number }) {
  return (
    <div class="models-bytes">
      <div class="models-bar" aria-hidden="true">
        {parts.map((part) => (
          <span
            key={part.name}
            class={part.colour}
            style={{ flexGrow: total > 0 ? part.bytes / total : 0 }}
          />
        ))}
      </div>
      <ul>
        {parts.map((part) => (
          <li key={part.name}>
            <i class={`models-key ${part.colour}`} />
            <span>{part.name}</span> <b class="numbers">{bytes(part.bytes)}</b>{" "}
            <span class="quiet">{part.more}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
