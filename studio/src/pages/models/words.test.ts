import { expect, test } from "vitest";
import type { AliasRecord, Blob, FigureName, Memory } from "./store";
import {
  bytes,
  figure,
  headline,
  list,
  memoryParts,
  moves,
  processWords,
  sharedWords,
} from "./words";

const name = (key: string, unit: FigureName["unit"]): FigureName => ({
  name: key,
  title: key,
  meaning: "",
  unit,
  better: "higher",
});

test("bytes are written as they are read", () => {
  expect([0, 253, 999, 426_428, 999_600, 24_009_701, 123_456_789, 1.2e9].map(bytes)).toEqual([
    "0 B",
    "253 B",
    "999 B",
    "426 kB",
    "1.0 MB",
    "24.0 MB",
    "123 MB",
    "1.2 GB",
  ]);
});

test("figures in their units", () => {
  expect(figure(name("accuracy", "percent"), 0.9241)).toBe("92.4%");
  expect(figure(name("accuracy", "percent"), 0.9999)).toBe("99.9%");
  expect(figure(name("accuracy", "percent"), 1)).toBe("100.0%");
  expect(figure(name("perplexity", "number"), 15.861)).toBe("15.9");
  expect(figure(name("log_loss", "number"), 0.37571)).toBe("0.376");
  expect(figure(name("t", "milliseconds"), 0.8209)).toBe("0.821 ms");
});

test("the first figure that a version has stands for it", () => {
  const names = [name("accuracy", "percent"), name("perplexity", "number")];
  expect(headline({ version: "1", metrics: { perplexity: 15.86 } }, names)?.text).toBe("15.9");
  expect(headline({ version: "1" }, names)).toBe(null);
});

test("a few names, and how many more", () => {
  expect(list([])).toBe("");
  expect(list(["a"])).toBe("a");
  expect(list(["a", "b", "c"])).toBe("a, b and c");
  expect(list(["a", "b", "c", "d", "e", "f"], 4)).toBe("a, b, c and 3 more");
});

test("what is shared is told by part, size and with whom", () => {
  const others = [
    { model: "mood", versions: ["2026-11-21.1"] },
    { model: "topic", versions: ["2026-11-21.1", "2026-11-22.1"] },
  ];
  const blobs: Blob[] = [
    { files: ["encoder/model.onnx"], sha256: "a", bytes: 23_543_620, shared_with: others },
    { files: ["encoder/tokenizer.json"], sha256: "b", bytes: 466_081, shared_with: others },
    { files: ["head.bin"], sha256: "c", bytes: 10, shared_with: [] },
  ];
  expect(sharedWords("mood", blobs)).toEqual([
    "Its encoder, 24.0 MB, is shared with 1 other version of it and 1 other model (topic).",
  ]);
  expect(sharedWords("mood", blobs.slice(2))).toEqual([]);
});

const record = (
  number: number,
  alias: string,
  version: string | null,
  at: string,
): AliasRecord => ({
  number,
  alias,
  version,
  at,
  actor: "",
  reason: "",
});

test("the past of aliases, the newest first", () => {
  const found = moves({
    production: [
      record(1, "production", "v1", "2026-11-01T00:00:00Z"),
      record(2, "production", "v2", "2026-11-03T00:00:00Z"),
      record(3, "production", null, "2026-11-04T00:00:00Z"),
    ],
    candidate: [record(1, "candidate", "v2", "2026-11-02T00:00:00Z")],
  });
  expect(found.map((move) => [move.what, move.inForce])).toEqual([
    ["production was taken out of service", true],
    ["production went from v1 to v2", false],
    ["candidate was pointed at v2", true],
    ["production was pointed at v1", false],
  ]);
});

const MEMORY: Memory = {
  processes: [
    { pid: 1, role: "server", resident: 150, proportional: 90 },
    { pid: 2, role: "engine", resident: 170, proportional: null },
  ],
  coders: [
    { part: "encoder", digest: "e", bytes: 24, models: ["mood", "topic"], key_value_bytes: 0 },
    { part: "decoder", digest: "d", bytes: 7, models: ["writer"], key_value_bytes: 5 },
  ],
  cache_entries: 3,
  cache_bytes: 4,
};

test("memory is the sum of its parts", () => {
  const { total, parts } = memoryParts(MEMORY);
  expect(total).toBe(260);
  expect(parts.map((part) => [part.name, part.bytes])).toEqual([
    ["Encoders", 24],
    ["Language models", 7],
    ["Keys and values", 5],
    ["Embeddings remembered", 4],
    ["Everything else", 220],
  ]);
  expect(processWords(MEMORY)).toBe(
    "In 2 processes: the server 90 B, the engine of language models 170 B.",
  );
});

test("memory where the system does not tell is what is known", () => {
  const { total, parts } = memoryParts({ ...MEMORY, processes: [] });
  expect(total).toBe(40);
  expect(parts.length).toBe(4);
  expect(processWords({ ...MEMORY, processes: [] })).toBe("");
});
