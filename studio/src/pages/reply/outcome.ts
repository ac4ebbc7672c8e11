import type { Feedback } from "./outbox";

/** What becomes of the suggestions of one turn, told as it happens and when the message is sent. */
export class Outcome {
  readonly #tell: (event: Omit<Feedback, "time">) => void;
  readonly #shown = new Set<string>();
  /* What was taken, in order, and the text that it made. */
  readonly #taken = new Map<string, string>();

  constructor(tell: (event: Omit<Feedback, "time">) => void) {
    this.#tell = tell;
  }

  /** A suggestion was on the screen. */
  shown(id: string): void {
    if (this.#shown.has(id)) return;
    this.#shown.add(id);
    this.#tell({ suggestion: id, event: "shown" });
  }

  /** A suggestion was taken, and the message is `text` now. */
  accepted(id: string, text: string): void {
    this.#taken.set(id, text);
    this.#tell({ suggestion: id, event: "accepted" });
  }

  /** What was taken was put back. */
  putBack(): void {
    this.#taken.clear();
  }

  /** The message was sent; `answer` is the id of the server's last answer, if there was one. */
  sent(text: string, answer: string | undefined): void {
    const last = [...this.#taken].at(-1);
    if (last) {
      const [id, taken] = last;
      this.#tell({ suggestion: id, event: taken === text ? "sent" : "edited", text });
    } else if (answer) {
      this.#tell({ suggestion: answer, event: "sent", text });
    }
    for (const id of this.#shown) {
      if (!this.#taken.has(id)) this.#tell({ suggestion: id, event: "ignored" });
    }
  }
}
