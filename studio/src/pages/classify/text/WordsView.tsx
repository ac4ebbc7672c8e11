import "./words.css";
import { useEffect, useRef, useState } from "preact/hooks";
import { ProblemNotice } from "../../../components/ProblemNotice";
import type { Explanation, WordEffect } from "../answers";
import { text } from "../choice";
import { Scrollable } from "../Scrollable";
import { found, lookedAt, words, wordsProblem } from "./live";
import { milliseconds } from "./phases";
import { inWords, percent, segments, signed, strengths } from "./segments";

/** Which words mattered: the text, tinted, and the same as a table. */
export function WordsView() {
  const current = words.value;
  const shown =
    current?.data.find((each) => each.model === lookedAt.value) ?? current?.data[0] ?? null;
  if (!found.value && !wordsProblem.value) return null;
  return (
    <section class="classify-words card" aria-label="Which words mattered">
      <header>
        <h2>Which words mattered</h2>
        {current && shown && (
          <p class="quiet small">
            for <strong>{shown.label}</strong> of {shown.model}, {percent(shown.score)}
          </p>
        )}
      </header>
      {wordsProblem.value && <ProblemNotice problem={wordsProblem.value} />}
      {current && shown ? (
        <div class={current.text === text.value ? "" : "stale"}>
          <Tinted key={current.text} text={current.text} explanation={shown} />
          <Legend />
          <AsTable explanation={shown} />
          <p class="quiet small">
            Each word is left out in turn and the model is asked again: {current.runs} runs of the
            encoder, {milliseconds(current.ms)}.
            {current.truncated && " What the encoder does not read has no colour."}
          </p>
        </div>
      ) : (
        !wordsProblem.value && <p class="quiet small">Leaving out one word after the other…</p>
      )}
    </section>
  );
}

/** The text; its words are one stop of the Tab key, and arrows go from word to word. */
function Tinted({ text: whole, explanation }: { text: string; explanation: Explanation }) {
  const [at, setAt] = useState(0);
  const [hovered, setHovered] = useState<number | null>(null);
  const [focused, setFocused] = useState(false);
  const list = useRef<HTMLParagraphElement>(null);
  const tints = strengths(explanation.words);
  const told = explanation.words[hovered ?? (focused ? at : -1)];
  const move = (to: number) => {
    const place = Math.max(0, Math.min(explanation.words.length - 1, to));
    setAt(place);
    list.current?.querySelectorAll("button")[place]?.focus();
  };
  const steps: Record<string, number> = {
    ArrowRight: at + 1,
    ArrowDown: at + 1,
    ArrowLeft: at - 1,
    ArrowUp: at - 1,
    Home: 0,
    End: explanation.words.length - 1,
  };
  let place = -1;
  return (
    <>
      <p
        ref={list}
        class="classify-tinted"
        dir="auto"
        onKeyDown={(event) => {
          const to = steps[event.key];
          if (to === undefined) return;
          event.preventDefault();
          move(to);
        }}
      >
        {segments(whole, explanation.words).map((segment, index) => {
          if (!segment.word) return <span key={index}>{segment.text}</span>;
          place += 1;
          const mine = place;
          return (
            <Word
              key={index}
              text={segment.text}
              strength={tints[mine] ?? 0}
              told={inWords(segment.word, explanation.score, explanation.label)}
              reachable={mine === at}
              onFocus={() => {
                setAt(mine);
                setFocused(true);
              }}
              onBlur={() => setFocused(false)}
              onHover={(over) => setHovered(over ? mine : null)}
            />
          );
        })}
      </p>
      <p class="classify-told small">
        {told ? (
          <>
            <strong>{told.text}</strong> {inWords(told, explanation.score, explanation.label)}
          </>
        ) : (
          <span class="quiet">
            {explanation.words.length === 0
              ? "There are no words in this text to leave out."
              : "Point at a word or tap it, or go from word to word by arrow keys, for its numbers."}
          </span>
        )}
      </p>
    </>
  );
}

function Word({
  text: shown,
  strength,
  told,
  reachable,
  onFocus,
  onBlur,
  onHover,
}: {
  text: string;
  strength: number;
  told: string;
  reachable: boolean;
  onFocus: () => void;
  onBlur: () => void;
  onHover: (over: boolean) => void;
}) {
  const word = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    word.current?.style.setProperty("--strength", `${Math.round(Math.abs(strength) * 100)}%`);
  }, [strength]);
  return (
    <button
      ref={word}
      type="button"
      class={strength > 0 ? "word for" : strength < 0 ? "word against" : "word"}
      tabIndex={reachable ? 0 : -1}
      aria-label={`${shown}: ${told}`}
      onFocus={onFocus}
      onBlur={onBlur}
      onMouseEnter={() => onHover(true)}
      onMouseLeave={() => onHover(false)}
    >
      {shown}
    </button>
  );
}

function Legend() {
  return (
    <ul class="classify-legend small">
      <li>
        <span class="scale against" aria-hidden="true" />
        speaks against (dashed line)
      </li>
      <li>
        <span class="scale for" aria-hidden="true" />
        speaks for (solid line)
      </li>
    </ul>
  );
}

function AsTable({ explanation }: { explanation: Explanation }) {
  const sorted = [...explanation.words].sort((one, other) => weight(other) - weight(one));
  if (sorted.length === 0) return null;
  return (
    <details class="small">
      <summary>As a table, the strongest first</summary>
      <Scrollable label="Words">
        <table>
          <thead>
            <tr>
              <th scope="col">Word</th>
              <th scope="col">Points</th>
              <th scope="col">Without it</th>
              <th scope="col">Log-odds</th>
            </tr>
          </thead>
          <tbody>
            {sorted.map((word) => (
              <tr key={word.start}>
                <th scope="row" dir="auto">
                  {word.text}
                </th>
                <td>{signed(100 * word.effect, 1)}</td>
                <td>{percent(explanation.score - word.effect)}</td>
                <td>{signed(word.log_odds, 2)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrollable>
    </details>
  );
}

function weight(word: WordEffect): number {
  return Math.abs(word.effect) + Math.abs(word.log_odds) / 1e6;
}
