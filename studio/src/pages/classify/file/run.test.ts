import { afterEach, expect, test, vi } from "vitest";
import { Run } from "./run";
import { inspect } from "./table";

afterEach(() => {
  vi.unstubAllGlobals();
});

const never = new AbortController().signal;

async function runOf(content: string, name = "some.csv", header = true): Promise<Run> {
  const table = await inspect(new File([content], name), null, never, () => undefined);
  return new Run({ table, header, column: table.width - 1 }, ["m"]);
}

/** A server that gives every text its own words as label, and refuses empty ones. */
function serve(refuse: (call: number) => Response | null = () => null): { inputs: string[][] } {
  const inputs: string[][] = [];
  let calls = 0;
  vi.stubGlobal("fetch", async (_path: string, how: { body: string }) => {
    calls += 1;
    const refused = refuse(calls);
    if (refused) return refused;
    const { input } = JSON.parse(how.body) as { input: string[] };
    inputs.push(input);
    const data = input.map((text, index) =>
      text
        ? { index, results: [{ model: "m", version: "1", labels: [{ label: text, score: 0.5 }] }] }
        : { index, error: { message: "the text is empty", code: "c", param: "p" } },
    );
    return Response.json({ data, usage: { rows: 0, tokens: 0, cached_rows: 0 } });
  });
  return { inputs };
}

test("columns are added, the others stay, and errors have a column", async () => {
  serve();
  const run = await runOf("id;text\r\n1;=a\r\n2;\r\n3;c\r\n");
  await run.start();
  expect(run.state.value).toEqual({ kind: "done" });
  expect([run.done.value, run.failed.value]).toEqual([3, 1]);
  const { name, content } = run.result();
  expect(name).toBe("some-classified.csv");
  expect(await content.text()).toBe(
    "id;text;m label;m score;m out of scope;error\r\n" +
      "1;'=a;'=a;0.5;;\r\n" +
      "2;;;;;the text is empty\r\n" +
      "3;c;c;0.5;;\r\n",
  );
});

test("rows of other widths and a byte order mark", async () => {
  serve();
  const rows = "x,y\n".repeat(20);
  const run = await runOf(`\ufeffa,b\n${rows}only\nx,y,z\n`);
  await run.start();
  const bytes = new Uint8Array(await run.result().content.slice(0, 3).arrayBuffer());
  expect([...bytes]).toEqual([0xef, 0xbb, 0xbf]);
  const lines = (await run.result().content.text()).trimEnd().split("\n");
  expect(lines[0]).toBe("a,b,,m label,m score,m out of scope,error");
  expect(lines.at(-2)).toBe("only,,,,,,the text is empty");
  expect(lines.at(-1)).toBe("x,y,z,z,0.5,,");
});

test("one text a line, without names", async () => {
  const { inputs } = serve();
  const run = await runOf("hello, you\nbye\n", "lines.txt", false);
  await run.start();
  expect(inputs).toEqual([["hello, you", "bye"]]);
  expect(run.result().name).toBe("lines-classified.csv");
  expect(await run.result().content.text()).toBe(
    'Column 1,m label,m score,m out of scope,error\n"hello, you","hello, you",0.5,,\nbye,bye,0.5,,\n',
  );
});

test("a refused request is sent again, in its place", async () => {
  const busy = { error: { message: "full", code: "overloaded" } };
  serve((call) => (call === 1 ? Response.json(busy, { status: 429 }) : null));
  const run = await runOf(`text\n${Array.from({ length: 600 }, (_, n) => `t${n}`).join("\n")}\n`);
  await run.start();
  const lines = (await run.result().content.text()).trimEnd().split("\n");
  expect(lines.slice(1).map((line) => line.split(",")[0])).toEqual(
    Array.from({ length: 600 }, (_, n) => `t${n}`),
  );
});

test("what only a person can mend waits for them, and cancelling ends it", async () => {
  const unknown = { error: { message: "no such model", code: "model_not_found" } };
  serve(() => Response.json(unknown, { status: 404 }));
  const run = await runOf("text\na\n");
  const ended = run.start();
  await vi.waitFor(() => expect(run.state.value.kind).toBe("stopped"));
  run.cancel();
  await ended;
  expect(run.state.value).toEqual({ kind: "cancelled" });
  expect(run.active).toBe(false);
  expect(run.done.value).toBe(0);
});

test("a file that is gone half-way ends it, and says so", async () => {
  serve();
  const rows = `text\n${"row\n".repeat(600)}`;
  const run = await runOf(rows);
  const bytes = new TextEncoder().encode(rows);
  let reads = 0;
  vi.spyOn(File.prototype, "stream").mockImplementation(
    () =>
      new ReadableStream({
        pull(controller) {
          reads += 1;
          if (reads === 1) controller.enqueue(bytes);
          else controller.error(new DOMException("gone", "NotReadableError"));
        },
      }),
  );
  await run.start();
  vi.restoreAllMocks();
  expect(run.state.value).toMatchObject({
    kind: "broken",
    problem: { message: "The file cannot be read to its end: was it moved or changed?" },
  });
  expect(run.active).toBe(false);
});
