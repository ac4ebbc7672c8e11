/* Texts for the models of the demo, and some for any. */
const OF_MODELS: Readonly<Record<string, readonly string[]>> = {
  banking77: ["my card has not arrived yet", "why was I charged twice"],
  snips: ["play some jazz from the sixties"],
  fastfood: ["a burger and a large coke please"],
  "travel-and-money": ["how many vaccines do I need for Kenya", "why is the sky blue"],
};
const OF_ANY = ["Thank you, that was quick!", "I want to speak to a person 😡"];
const MOST = 5;

/** Texts to click for the models that are served. */
export function examplesFor(models: readonly string[]): readonly string[] {
  const known = models.flatMap((model) => OF_MODELS[model] ?? []);
  return known.length > 0 ? known.slice(0, MOST) : OF_ANY;
}
