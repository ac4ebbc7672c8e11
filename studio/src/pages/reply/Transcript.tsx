import { useEffect, useRef } from "preact/hooks";
import type { Turn } from "./conversation";

const NAMES = { user: "Customer", agent: "You", tool: "Lookup" } as const;

/** What was said and looked up, the newest in sight. */
export function Transcript({ said }: { said: readonly Turn[] }) {
  const list = useRef<HTMLOListElement>(null);
  const count = said.length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new turn is what makes it scroll
  useEffect(() => {
    const box = list.current?.parentElement;
    if (!box) return;
    const toEnd = () => {
      box.scrollTop = box.scrollHeight;
    };
    // On a phone the replies below take room from it when they come.
    const observer = new ResizeObserver(toEnd);
    observer.observe(box);
    toEnd();
    return () => observer.disconnect();
  }, [count]);
  if (count === 0) {
    return (
      <p class="reply-empty quiet">
        Nothing was said yet. Write as the customer first, or open a conversation above.
      </p>
    );
  }
  return (
    <ol class="reply-turns" ref={list} aria-label="Conversation" aria-live="polite">
      {said.map((turn, index) => (
        <li key={index} class={`reply-turn ${turn.role}`}>
          <span class="reply-who">{NAMES[turn.role]}</span>
          {turn.role === "tool" ? <Facts turn={turn} /> : <p>{turn.text}</p>}
        </li>
      ))}
    </ol>
  );
}

function Facts({ turn }: { turn: Turn }) {
  const facts = Object.entries(turn.facts ?? {});
  return (
    <dl>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value === null ? "none" : String(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
