/** Names of the drawings. */
export type IconName = keyof typeof DRAWINGS;

/* Drawn on a grid of 24, as strokes of the current colour. */
const DRAWINGS = {
  write: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  reply: "M4 5h16v11H9l-5 4zM8 9h8M8 12h5",
  classify: "M4 7h9M4 12h16M4 17h6",
  answers: "M5 4h14v16H5zM9 9l1.5 1.5L13 8M9 15l1.5 1.5L13 14M15 10h1M15 16h1",
  models: "M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9",
  monitor: "M3 12h4l3-7 4 14 3-7h4",
  close: "M6 6l12 12M18 6L6 18",
  plus: "M12 5v14M5 12h14",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  settings: "M4 7h10M18 7h2M4 17h2M10 17h10M16 5v4M8 15v4",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  key: "M14 10a4 4 0 1 0-3.5 4L12 12.500h2v-2l6-6M17 7l2 2",
  next: "M9 5l7 7-7 7",
  previous: "M15 5l-7 7 7 7",
} as const;

/** A small drawing beside a word; never alone without a name. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg
      viewBox="0 0 24 24"
      width="18"
      height="18"
      fill="none"
      stroke="currentColor"
      stroke-width="1.7"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={DRAWINGS[name]} />
    </svg>
  );
}
