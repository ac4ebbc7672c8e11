import type { Suggested } from "./suggestions";

/** What is drawn behind the draft, and which suggestion it is. */
export interface Ghost {
  id: string;
  text: string;
}

/** The completion while the draft goes on as it says; else the best reply that begins so. */
export function ghostOf(suggested: Suggested, draft: string): Ghost | null {
  const { completion, replies } = suggested;
  const whole = completion && suggested.draft + completion.text;
  if (completion && whole && goesOn(whole, draft)) {
    return { id: completion.id, text: whole.slice(draft.length) };
  }
  const reply = replies[0];
  if (!reply || draft.trim() === "" || !goesOn(reply.text, draft)) return null;
  return { id: reply.id, text: reply.text.slice(draft.length) };
}

function goesOn(whole: string, begun: string): boolean {
  return whole.length > begun.length && whole.startsWith(begun);
}
