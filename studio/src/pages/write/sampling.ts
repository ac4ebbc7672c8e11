import { fieldsOf, setting } from "../../storage/setting";
import type { StopAt } from "./suggest/completions";

/** How suggestions are made; what each does is told beside its control. */
export interface Sampling {
  /** Name of a served completion model; empty for the first that writes prose. */
  model: string;
  choices: number;
  stopAt: StopAt;
  maxTokens: number;
  temperature: number;
  topP: number;
  /** Whether a pause asks, or only Tab. */
  onPause: boolean;
  /** On a pause, suggest only at this share of places, the surest. */
  coverage: number;
}

/** As a newcomer finds it. */
export const USUAL_SAMPLING: Sampling = {
  model: "",
  choices: 3,
  stopAt: "clause",
  maxTokens: 24,
  temperature: 0,
  topP: 1,
  onPause: true,
  coverage: 1,
};

/** The person's choice, remembered by this browser. */
export const sampling = setting<Sampling>("write.sampling", USUAL_SAMPLING, (stored) => {
  const found = fieldsOf(USUAL_SAMPLING)(stored);
  return found && STOPS.some((stop) => stop === found.stopAt) ? found : undefined;
});

/** In the order of their length. */
export const STOPS: readonly StopAt[] = ["word", "gain", "clause", "sentence"];
