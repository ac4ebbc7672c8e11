import { ask } from "../../server/client";

/** One move of an alias. */
export interface AliasRecord {
  number: number;
  alias: string;
  version: string | null;
  at: string;
  actor: string;
  reason: string;
}

/** A version in a listing; fields that say nothing are left out. */
export interface VersionFacts {
  version: string;
  created?: string;
  kind?: string;
  task?: string;
  labels?: number;
  encoder?: string;
  decoder?: string;
  coder_bytes?: number;
  metrics?: Record<string, number>;
  bytes?: number;
  own_bytes?: number;
  error?: string;
}

/** A model with all its versions, oldest first. */
export interface StoredModel {
  name: string;
  versions: VersionFacts[];
  aliases: Record<string, AliasRecord>;
  /** Why its aliases cannot be read; empty when they can. */
  error: string;
}

/** How a figure is called and written. */
export interface FigureName {
  name: string;
  title: string;
  meaning: string;
  unit: "percent" | "number" | "milliseconds";
  better: "higher" | "lower" | "neither";
}

/** The answer of `GET /v1/admin/store`. */
export interface StoreOverview {
  contents: { models: StoredModel[]; bytes: number; unshared_bytes: number };
  serving: Record<string, string>;
  figures: FigureName[];
}

/** The versions of one model that have a file too. */
export interface Sharing {
  model: string;
  versions: string[];
}

/** One content of a version. */
export interface Blob {
  files: string[];
  sha256: string;
  bytes: number;
  shared_with: Sharing[];
}

/** An encoder or decoder. */
export interface Coder {
  digest: string;
  architecture: string;
  quantization: string;
  max_tokens: number;
  bytes: number;
  shape: Record<string, number | string | boolean>;
}

/** A file that a browser can show. */
export interface ReportFile {
  file: string;
  view: "page" | "picture" | "text";
  bytes: number;
}

/** The answer of `GET /v1/admin/models/{model}/versions/{version}`. */
export interface Card {
  model: string;
  facts: VersionFacts;
  description: string;
  labels: string[];
  body: Record<string, number | string | boolean>;
  provenance: {
    command: string;
    code_revision: string;
    config_digest: string;
    data_digest: string;
    environment: Record<string, string>;
  };
  settings: string;
  encoder: Coder | null;
  decoder: Coder | null;
  blobs: Blob[];
  reports: ReportFile[];
  figures: FigureName[];
}

/** The answer of `GET /v1/admin/models/{model}`. */
export interface History {
  name: string;
  serving: string | null;
  history: Record<string, AliasRecord[]>;
}

/** The answer of `GET /v1/admin/memory`. */
export interface Memory {
  processes: { pid: number; role: string; resident: number; proportional: number | null }[];
  coders: {
    part: "encoder" | "decoder";
    digest: string;
    bytes: number;
    models: string[];
    key_value_bytes: number;
  }[];
  cache_entries: number;
  cache_bytes: number;
}

/** A link that needs no key. */
export interface ReportLink {
  file: string;
  url: string;
  expires_in: number;
}

const path = (...parts: string[]) => `v1/admin/models/${parts.map(encodeURIComponent).join("/")}`;

export const readStore = async () => (await ask<StoreOverview>("v1/admin/store")).value;

export const readMemory = async () => (await ask<Memory>("v1/admin/memory")).value;

export const readCard = async (model: string, version: string) =>
  (await ask<Card>(path(model, "versions", version))).value;

export const readHistory = async (model: string) => (await ask<History>(path(model))).value;

/** Ask for a link to a report; the link is relative, as the studio is. */
export async function linkTo(model: string, version: string, file: string): Promise<ReportLink> {
  const asked = path(model, "versions", version, "report");
  const link = (await ask<ReportLink>(asked, { body: { file } })).value;
  return { ...link, url: link.url.replace(/^\//, "") };
}

/** What became of a move of an alias. */
export interface Moved {
  record: AliasRecord;
  readiness: { ready: boolean; state: string; models: number; failures: Record<string, string> };
}

/** A move of an alias, with the number of the record that was in force when it was decided on. */
export type Move =
  | { kind: "promote"; alias: string; from: string | null; to: string; expected: number }
  | { kind: "rollback"; alias: string; from: string | null; to: string; expected: number }
  | { kind: "retire"; alias: string; from: string; to: null; expected: number };

/** Move an alias, unless somebody else moved it since. */
export async function moveAlias(model: string, move: Move, reason: string): Promise<Moved> {
  const { kind, alias, expected } = move;
  const body =
    kind === "promote"
      ? { version: move.to, to: alias, reason, expected }
      : { alias, reason, expected };
  return (await ask<Moved>(path(model, kind), { body })).value;
}
