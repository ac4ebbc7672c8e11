/** Phases of an answer in milliseconds, as `Server-Timing` names them. */
export type Phases = Readonly<Record<string, number>>;

/** Parse a `Server-Timing` header; what cannot be read is left out. */
export function parseTiming(header: string | null): Phases {
  const phases: Record<string, number> = {};
  for (const entry of (header ?? "").split(",")) {
    const [name, ...parameters] = entry.split(";").map((part) => part.trim());
    const duration = parameters.find((part) => part.startsWith("dur="));
    const value = Number(duration?.slice(4) ?? Number.NaN);
    if (name && Number.isFinite(value)) phases[name] = value;
  }
  return phases;
}
