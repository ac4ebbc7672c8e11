import type { ComponentChildren } from "preact";

/** A part of the page that scrolls by itself, by keyboard too. */
export function Scrollable({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="classify-scroll" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
