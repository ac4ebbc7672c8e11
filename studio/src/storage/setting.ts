import { effect, type Signal, signal } from "@preact/signals";

/**
 * A signal that this browser remembers.
 *
 * `accept` turns what was stored into a value, or undefined to use the default: what an older
 * version of the page left behind must not break this one.
 */
export function setting<T>(
  name: string,
  initial: T,
  accept: (stored: unknown) => T | undefined,
): Signal<T> {
  const place = `cuebox.${name}`;
  const value = signal(restore(place, accept) ?? initial);
  let first = true;
  effect(() => {
    const current = value.value;
    if (first) {
      first = false;
      return;
    }
    try {
      localStorage.setItem(place, JSON.stringify(current));
    } catch {
      // Storage is full or off: the setting then lasts as long as the page.
    }
  });
  return value;
}

function restore<T>(place: string, accept: (stored: unknown) => T | undefined): T | undefined {
  try {
    const stored = localStorage.getItem(place);
    return stored === null ? undefined : accept(JSON.parse(stored));
  } catch {
    return undefined;
  }
}

/** Accepts one of some texts. */
export function oneOf<T extends string>(
  ...values: readonly T[]
): (stored: unknown) => T | undefined {
  return (stored) => values.find((value) => value === stored);
}

/** Accepts any text. */
export function anyText(stored: unknown): string | undefined {
  return typeof stored === "string" ? stored : undefined;
}

/** Accepts an object, and fills what it lacks from `initial`; fields of another type are dropped. */
export function fieldsOf<T extends object>(initial: T): (stored: unknown) => T | undefined {
  return (stored) => {
    if (typeof stored !== "object" || stored === null) return undefined;
    const found = stored as Record<string, unknown>;
    const known = Object.entries(initial).filter(
      ([name, value]) => typeof found[name] === typeof value,
    );
    return { ...initial, ...Object.fromEntries(known.map(([name]) => [name, found[name]])) } as T;
  };
}
