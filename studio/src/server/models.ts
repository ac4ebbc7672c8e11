import { signal } from "@preact/signals";
import { ask } from "./client";
import { Problem } from "./problem";

/** A served model, as `GET /v1/models` lists it. */
export interface Model {
  id: string;
  version: string;
  kind: string;
  task: string;
  labels: string[];
  encoder: string;
  decoder: string;
  max_tokens: number;
  /** What a prompt begins with where nothing was said before; empty for plain text. */
  opening: string;
  metrics: Record<string, number>;
}

/** The served models; null before the first answer. */
export const models = signal<Model[] | null>(null);

/** Why they could not be listed. */
export const modelsProblem = signal<Problem | null>(null);

/** List the served models anew. */
export async function loadModels(): Promise<void> {
  try {
    const { value } = await ask<{ data?: Model[] } | null>("v1/models");
    // Something else may answer in the server's place, such as a proxy.
    if (!Array.isArray(value?.data)) throw new Problem("failed", "The answer lists no models.");
    models.value = value.data;
    modelsProblem.value = null;
  } catch (error) {
    modelsProblem.value = error as Problem;
  }
}

/** Served models of one kind. */
export function ofKind(kind: string): Model[] {
  return (models.value ?? []).filter((model) => model.kind === kind);
}
