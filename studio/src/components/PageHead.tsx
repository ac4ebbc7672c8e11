import type { ComponentChildren } from "preact";

/** The title of a page, a sentence, and what can be done at once. */
export function PageHead({
  title,
  summary,
  children,
}: {
  title: string;
  summary?: string;
  children?: ComponentChildren;
}) {
  return (
    <header class="page-head">
      <h1>{title}</h1>
      {summary && <p>{summary}</p>}
      {children && <div class="actions">{children}</div>}
    </header>
  );
}
