import type { AliasRecord, Blob, FigureName, Memory, StoredModel, VersionFacts } from "./store";

/** Bytes as people read them: `0 B`, `253 B`, `426 kB`, `24.0 MB`. */
export function bytes(count: number): string {
  if (count < 1000) return `${Math.round(count)} B`;
  for (const [unit, size] of [
    ["kB", 1e3],
    ["MB", 1e6],
  ] as const) {
    if (count < 999.5 * size) {
      const value = count / size;
      return `${value < 100 && unit !== "kB" ? value.toFixed(1) : Math.round(value)} ${unit}`;
    }
  }
  return `${(count / 1e9).toFixed(1)} GB`;
}

/** A figure as it is written: `92.4%`, `0.451`, `15.9`, `0.8 ms`. */
export function figure(name: FigureName, value: number): string {
  if (name.unit === "percent") {
    const text = (value * 100).toFixed(1);
    return `${text === "100.0" && value < 1 ? "99.9" : text}%`;
  }
  const text = Math.abs(value) >= 10 ? value.toFixed(1) : String(Number(value.toPrecision(3)));
  return name.unit === "milliseconds" ? `${text} ms` : text;
}

/** The figure that stands for a version: the first name that it has. */
export function headline(
  facts: VersionFacts,
  names: readonly FigureName[],
): { name: FigureName; text: string } | null {
  for (const name of names) {
    const value = facts.metrics?.[name.name];
    if (value !== undefined) return { name, text: figure(name, value) };
  }
  return null;
}

/** What the kinds are called. */
export const KINDS: Record<string, string> = {
  classifier: "Classifier",
  encoder: "Encoder",
  completion: "Language model",
  reply: "Replies",
};

/** A moment as a date and time of this browser's place. */
export function moment(at: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return at;
  return date.toLocaleString("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  });
}

/** `a`, `a and b`, `a, b and 3 more`. */
export function list(names: readonly string[], most = 5): string {
  if (names.length > most) {
    return `${names.slice(0, most - 1).join(", ")} and ${names.length - most + 1} more`;
  }
  return names.length < 2
    ? (names[0] ?? "")
    : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** `1 model`, `3 models`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** What a version shares, in sentences: which part, how large, with whom. */
export function sharedWords(model: string, blobs: readonly Blob[]): string[] {
  const groups = new Map<string, { size: number; files: string[]; blob: Blob }>();
  for (const blob of blobs) {
    if (blob.shared_with.length === 0) continue;
    const part = blob.files[0]?.includes("/") ? (blob.files[0].split("/")[0] ?? "") : "";
    const key = `${part} ${JSON.stringify(blob.shared_with)}`;
    const group = groups.get(key) ?? { size: 0, files: [], blob };
    group.size += blob.bytes;
    group.files.push(...blob.files);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ size, files, blob }) => {
    const others = blob.shared_with.filter((each) => each.model !== model);
    const own = blob.shared_with.find((each) => each.model === model);
    const whom = [
      ...(own ? [`${counted(own.versions.length, "other version")} of it`] : []),
      ...(others.length > 0
        ? [`${counted(others.length, "other model")} (${list(others.map((each) => each.model))})`]
        : []),
    ];
    return `${partName(files)}, ${bytes(size)}, is shared with ${list(whom)}.`;
  });
}

function partName(files: readonly string[]): string {
  const folder = files[0]?.includes("/") ? files[0].split("/")[0] : "";
  if (folder === "encoder") return "Its encoder";
  if (folder === "decoder") return "Its language model";
  return files.length === 1 ? `Its ${files[0]}` : `A part of it (${list(files)})`;
}

/** The aliases that point at a version. */
export function aliasesOf(model: StoredModel, version: string): string[] {
  return Object.values(model.aliases)
    .filter((record) => record.version === version)
    .map((record) => record.alias);
}

/**
 * The version that a rollback leads to; null when there is none.
 *
 * As the server reads it: a move to a version that was in force before goes back to it, and what
 * came after is forgotten.
 */
export function previousVersion(history: readonly AliasRecord[]): string | null {
  const trail: string[] = [];
  for (const { version } of history) {
    if (version === null) continue;
    const at = trail.indexOf(version);
    if (at < 0) trail.push(version);
    else trail.length = at + 1;
  }
  return (history.at(-1)?.version === null ? trail.at(-1) : trail.at(-2)) ?? null;
}

/** One line of an alias's past. */
export interface PastMove {
  record: AliasRecord;
  what: string;
  inForce: boolean;
  /** Of the one in force: where a rollback leads. */
  previous: string | null;
}

/** All moves of all aliases, the newest first, in words. */
export function moves(history: Record<string, AliasRecord[]>): PastMove[] {
  const found: PastMove[] = [];
  for (const records of Object.values(history)) {
    records.forEach((record, at) => {
      const before = records[at - 1]?.version ?? null;
      const inForce = at === records.length - 1;
      const previous = inForce ? previousVersion(records) : null;
      found.push({ record, what: moveWords(record, before), inForce, previous });
    });
  }
  return found.sort((a, b) => b.record.at.localeCompare(a.record.at));
}

/** A move in words. */
export function moveWords(record: AliasRecord, before: string | null): string {
  if (record.version === null) return `${record.alias} was taken out of service`;
  if (before === null) return `${record.alias} was pointed at ${record.version}`;
  if (before === record.version) return `${record.alias} stayed at ${record.version}`;
  return `${record.alias} went from ${before} to ${record.version}`;
}

/** A part of a bar. */
export interface Part {
  name: string;
  bytes: number;
  colour: string;
  /** More in words. */
  more: string;
}

/** The memory of all processes, and of what is in it the parts that the server knows. */
export function memoryParts(memory: Memory): { total: number; parts: Part[] } {
  const parts: Part[] = [];
  for (const part of ["encoder", "decoder"] as const) {
    const coders = memory.coders.filter((each) => each.part === part);
    if (coders.length > 0) {
      parts.push({
        name: part === "encoder" ? "Encoders" : "Language models",
        bytes: coders.reduce((sum, each) => sum + each.bytes, 0),
        colour: part === "encoder" ? "one" : "two",
        more: coders.map((each) => `${bytes(each.bytes)} for ${list(each.models)}`).join("; "),
      });
    }
  }
  const held = memory.coders.reduce((sum, each) => sum + each.key_value_bytes, 0);
  if (held > 0) {
    parts.push({
      name: "Keys and values",
      bytes: held,
      colour: "three",
      more: "of running and remembered texts",
    });
  }
  parts.push({
    name: "Embeddings remembered",
    bytes: memory.cache_bytes,
    colour: "four",
    more: counted(memory.cache_entries, "text"),
  });
  const known = parts.reduce((sum, each) => sum + each.bytes, 0);
  const used = memory.processes.reduce(
    (sum, each) => sum + (each.proportional ?? each.resident),
    0,
  );
  const total = Math.max(used, known);
  if (total > known) {
    parts.push({
      name: "Everything else",
      bytes: total - known,
      colour: "rest",
      more: "interpreters, libraries, heads and working memory",
    });
  }
  return { total, parts };
}

const ROLES: Record<string, string> = {
  server: "the server",
  supervisor: "the supervisor",
  worker: "a worker",
  engine: "the engine of language models",
  other: "another process",
};

/** Which process takes how much, in a sentence; empty where the system does not tell. */
export function processWords(memory: Memory): string {
  if (memory.processes.length === 0) return "";
  const each = memory.processes.map(
    (process) =>
      `${ROLES[process.role] ?? process.role} ${bytes(process.proportional ?? process.resident)}`,
  );
  return `In ${counted(each.length, "process", "processes")}: ${each.join(", ")}.`;
}
