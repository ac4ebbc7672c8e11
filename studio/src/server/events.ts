import { failure } from "./client";
import { Problem } from "./problem";

/**
 * The `data` of each server-sent event of a response, until `[DONE]`.
 *
 * Throws `Problem` when the stream breaks off, or is none of a cuebox server.
 */
export async function* events(response: Response, signal?: AbortSignal): AsyncGenerator<unknown> {
  const reader = readerOf(response);
  if (!reader) return;
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const data = dataOf(block);
        if (data === "[DONE]") return;
        if (data) yield parsed(data);
      }
    }
  } catch (error) {
    throw failure(error, signal);
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function readerOf({ headers, body }: Response): ReadableStreamDefaultReader<string> | undefined {
  if (!headers.get("content-type")?.startsWith("text/event-stream")) {
    throw new Problem("failed", "The answer is no stream of events: is this a cuebox server?");
  }
  return body?.pipeThrough(new TextDecoderStream()).getReader();
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    throw new Problem("failed", "The answer cannot be read: is this a cuebox server?");
  }
}

function dataOf(block: string): string {
  return block
    .split("\n")
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice(5).trimStart())
    .join("\n");
}
