import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Total } from "./merging";
import { drawn, scrollTo } from "./rows";
import { Template } from "./Template";
import type { Answer } from "./types";

const ROW = 62;

/** The answers as a list of which only the rows in sight are drawn. */
export function Rows({
  answers,
  totals,
  opened,
  troubled,
  most,
  onOpen,
}: {
  answers: readonly Answer[];
  totals: ReadonlyMap<string, Total>;
  opened: string;
  /** Answers with a conflict or a refused edit. */
  troubled: ReadonlySet<string>;
  /** The highest count of the list: a full bar. */
  most: number;
  onOpen: (id: string) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const [{ scrolled, height }, setSight] = useState({ scrolled: 0, height: 800 });
  const place = answers.findIndex((answer) => answer.id === opened);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const look = () => setSight({ scrolled: element.scrollTop, height: element.clientHeight });
    look();
    const watching = new ResizeObserver(look);
    watching.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      watching.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, []);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element || place < 0) return;
    element.scrollTop = scrollTo(place, element.scrollTop, element.clientHeight, ROW);
  }, [place]);
  const { first, end } = drawn(scrolled, height, ROW, answers.length);
  return (
    <div
      ref={box}
      class="answers-rows"
      id="answers-rows"
      role="listbox"
      tabIndex={0}
      aria-label="Answers"
      aria-activedescendant={place >= first && place < end ? `answer-${place}` : undefined}
    >
      <div class="answers-room" role="presentation" style={{ height: `${answers.length * ROW}px` }}>
        {answers.slice(first, end).map((answer, index) => (
          <Row
            key={answer.id}
            answer={answer}
            place={first + index}
            of={answers.length}
            total={totals.get(answer.id)}
            opened={answer.id === opened}
            troubled={troubled.has(answer.id)}
            most={most}
            onOpen={onOpen}
          />
        ))}
      </div>
    </div>
  );
}

function Row({
  answer,
  place,
  of,
  total,
  opened,
  troubled,
  most,
  onOpen,
}: {
  answer: Answer;
  place: number;
  of: number;
  total: Total | undefined;
  opened: boolean;
  troubled: boolean;
  most: number;
  onOpen: (id: string) => void;
}) {
  const count = total?.count ?? answer.count;
  const state = answer.merged_into ? "merged" : answer.status;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the page's keys move and open
    <div
      id={`answer-${place}`}
      class={`answers-row ${state}`}
      role="option"
      aria-selected={opened}
      aria-posinset={place + 1}
      aria-setsize={of}
      tabIndex={-1}
      style={{ transform: `translateY(${place * ROW}px)`, height: `${ROW}px` }}
      onClick={() => onOpen(answer.id)}
    >
      <span class="answers-mark" aria-hidden="true" />
      <span class="answers-text">
        <Template text={answer.text} />
      </span>
      <span class="answers-meta">
        <span class="bar answers-bar" aria-hidden="true">
          <span style={{ width: `${most ? (100 * count) / most : 0}%` }} />
        </span>
        <span class="numbers">{count.toLocaleString("en")}×</span>
        <span class="hidden">{WORDS[state]}</span>
        {total && <span class="tag">{total.merged.length + 1} merged</span>}
        {troubled && <span class="tag bad">look here</span>}
        {answer.flags.length > 0 && <span class="tag warn">{answer.flags.join(", ")}</span>}
        {answer.tags.slice(0, 3).map((tag) => (
          <span key={tag} class="tag accent">
            {tag}
          </span>
        ))}
      </span>
    </div>
  );
}

const WORDS = {
  proposed: "to review",
  accepted: "accepted",
  rejected: "rejected",
  merged: "merged",
};
