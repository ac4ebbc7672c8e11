/** Which rows of a long list are drawn. */
export interface Drawn {
  first: number;
  /** One after the last. */
  end: number;
}

const MARGIN = 8;

/** The rows in sight, and some on either side, so that scrolling shows no gaps. */
export function drawn(scrolled: number, height: number, row: number, total: number): Drawn {
  const first = Math.max(0, Math.min(Math.floor(scrolled / row), total) - MARGIN);
  const end = Math.min(total, Math.ceil((scrolled + height) / row) + MARGIN);
  return { first, end: Math.max(first, end) };
}

/** How far to scroll so that a row is in sight; as little as possible. */
export function scrollTo(place: number, scrolled: number, height: number, row: number): number {
  const top = place * row;
  if (top < scrolled) return top;
  return top + row > scrolled + height ? top + row - height : scrolled;
}
