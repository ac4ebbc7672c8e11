import "./reply.css";
import { useEffect, useMemo, useState } from "preact/hooks";
import { Icon } from "../../components/Icon";
import { ProblemNotice } from "../../components/ProblemNotice";
import { Segmented } from "../../components/Segmented";
import { keyChanges } from "../../server/key";
import { models, ofKind } from "../../server/models";
import { Composer } from "./Composer";
import type { Script } from "./conversation";
import { Desk, often } from "./desk";
import { composerKeys } from "./keys";
import { ReplyList } from "./ReplyList";
import { Transcript } from "./Transcript";
import { saved } from "./tally";

/** An agent's desk: a conversation, and a composer that suggests what to say. */
export default function Reply() {
  const desk = useMemo(() => new Desk(), []);
  useEffect(() => {
    desk.start();
    return () => desk.suggester.clear();
  }, [desk]);
  const changes = keyChanges.value;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another key is another try
  useEffect(() => {
    if (changes > 0) desk.again();
  }, [desk, changes]);
  const { scene } = desk.session.value;
  const none = models.value !== null && ofKind("reply").length === 0;
  return (
    <div class="reply">
      <Head desk={desk} />
      <section class="reply-left" aria-label="What was said">
        <Transcript said={scene.said} />
      </section>
      <section class="reply-right" aria-label="Your reply">
        {none && (
          <p class="notice" role="status">
            This server has no model that suggests replies. <code>make demo</code> trains one.
          </p>
        )}
        <Writing desk={desk} />
      </section>
    </div>
  );
}

function Head({ desk }: { desk: Desk }) {
  const scripts = desk.scripts.value;
  const at = scripts.findIndex(({ id }) => id === desk.session.value.scene.script);
  const go = (index: number) =>
    desk.open(scripts[(index + scripts.length) % scripts.length]?.id ?? "");
  return (
    <header class="reply-head">
      <h1>Reply</h1>
      <div class="reply-picker">
        <button
          class="button plain"
          type="button"
          aria-label="Previous conversation"
          onClick={() => go(at < 0 ? 0 : at - 1)}
        >
          <Icon name="previous" />
        </button>
        <select
          class="select"
          aria-label="Conversation"
          value={at < 0 ? "" : (scripts[at]?.id ?? "")}
          onChange={(event) => desk.open(event.currentTarget.value)}
        >
          <option value="">Write both sides</option>
          {scripts.map((script, index) => (
            <option key={script.id} value={script.id}>
              {index + 1}. {nameOf(script)}
            </option>
          ))}
        </select>
        <button
          class="button plain"
          type="button"
          aria-label="Next conversation"
          onClick={() => go(at + 1)}
        >
          <Icon name="next" />
        </button>
        <button class="button plain small" type="button" onClick={() => desk.restart()}>
          Begin anew
        </button>
      </div>
      <Segmented
        label="How often to suggest"
        value={often.value}
        options={[
          { value: "set", label: "When sure" },
          { value: "always", label: "Always" },
        ]}
        onChange={(value) => {
          often.value = value;
          desk.again();
        }}
      />
    </header>
  );
}

/* What the customer wants is rarely in their first words, and mostly in their longest. */
function nameOf({ turns }: Script): string {
  const customer = turns.filter((turn) => turn.role === "user").slice(0, 3);
  const text = customer.reduce((a, b) => (b.text.length > a.length ? b.text : a), "");
  return text.length > 60 ? `${text.slice(0, 59).trimEnd()}…` : text;
}

function Writing({ desk }: { desk: Desk }) {
  const { draft, as, scene } = desk.session.value;
  const replies = desk.replies.value;
  const ghost = desk.ghost.value;
  const suggested = desk.suggester.suggested.value;
  const problem = desk.suggester.problem.value;
  const onKey = useMemo(() => composerKeys(desk), [desk]);
  useEffect(() => {
    if (!suggested) return;
    // On the screen for a moment, not only passed over while typing.
    const timer = setTimeout(() => desk.seen(suggested), 250);
    return () => clearTimeout(timer);
  }, [desk, suggested]);
  const customer = as === "user";
  return (
    <>
      {problem && <ProblemNotice problem={problem} onRetry={() => desk.again()} />}
      {suggested?.trouble && <p class="notice warn small">{suggested.trouble}</p>}
      <ReplyList
        replies={replies}
        selected={desk.selected.value}
        onTake={(index) => desk.take(index)}
      />
      {!scene.script && (
        <Segmented
          label="Write as"
          value={as}
          options={[
            { value: "user", label: "Customer" },
            { value: "agent", label: "Agent" },
          ]}
          onChange={(value) => desk.writeAs(value)}
        />
      )}
      <Composer
        draft={draft}
        ghost={ghost?.text ?? ""}
        cursor={desk.cursor.value}
        label={customer ? "The customer's message" : "Your message"}
        placeholder={customer ? "What the customer says" : "Type, or take a reply above"}
        onText={(text) => desk.type(text)}
        onKey={onKey}
      />
      <p class={desk.unfilled.value ? "notice warn small" : "hidden"} role="status">
        {desk.unfilled.value &&
          "This gap has no value yet. Ctrl Enter, or Send, sends it all the same."}
      </p>
      <Actions desk={desk} />
      <p class="reply-keys" id="reply-help">
        <kbd>↑</kbd> <kbd>↓</kbd> choose a reply, <kbd>Enter</kbd> takes it, or sends;{" "}
        <kbd>Alt</kbd> <kbd>1</kbd>–<kbd>3</kbd> take one at once; <kbd>Tab</kbd> takes the ghost
        text or goes to the next gap; <kbd>→</kbd> takes a word; <kbd>Esc</kbd> dismisses, and lets{" "}
        <kbd>Tab</kbd> leave
      </p>
      <Saved desk={desk} />
      <Original desk={desk} />
      <p class="hidden" role="status">
        {replies.length > 0 && `${replies.length} replies suggested`}
      </p>
    </>
  );
}

function Actions({ desk }: { desk: Desk }) {
  const due = desk.due.value;
  return (
    <div class="actions">
      <button
        class="button primary"
        type="button"
        disabled={!desk.session.value.draft.text.trim()}
        onClick={() => desk.send()}
      >
        Send
      </button>
      {due && (
        <button class="button" type="button" onClick={() => desk.skip()}>
          Let the real agent answer
        </button>
      )}
    </div>
  );
}

/* The live count, with the message that is being written. */
function Saved({ desk }: { desk: Desk }) {
  const { tally, typed, draft, as } = desk.session.value;
  const now = as === "agent" ? draft.text.trim().length : 0;
  const all = { sent: tally.sent + now, typed: tally.typed + Math.min(typed, now) };
  const share = saved(all);
  const suggested = desk.suggester.suggested.value;
  const { waiting, recorded } = desk.outbox;
  return (
    <div class="reply-saved">
      <p class="reply-share numbers">
        <strong>{share === null ? "–" : `${Math.round(share * 100)} %`}</strong> of typed text saved
      </p>
      <span class="bar" aria-hidden="true">
        <span style={{ width: `${(share ?? 0) * 100}%` }} />
      </span>
      <p class="small quiet numbers">
        {all.typed} of {all.sent} characters typed
        {tally.sent > 0 && (
          <button class="button plain small" type="button" onClick={() => desk.resetTally()}>
            Count anew
          </button>
        )}
      </p>
      <p class="small quiet numbers">
        {suggested &&
          `Suggested in ${Math.round(suggested.ms)} ms, server ${suggested.serverMs.toFixed(1)} ms. `}
        {recorded.value + waiting.value > 0 &&
          `Feedback: ${recorded.value} recorded${waiting.value ? `, ${waiting.value} to be sent` : ""}.`}
      </p>
    </div>
  );
}

/* What the agent of the real conversation wrote here, if the person wants to know. */
function Original({ desk }: { desk: Desk }) {
  const due = desk.due.value;
  const [open, setOpen] = useState(false);
  if (!due) return null;
  return (
    <details
      class="reply-original"
      open={open}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>What the real agent wrote here</summary>
      <p>{due.text}</p>
    </details>
  );
}
