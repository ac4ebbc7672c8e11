import type { ComponentType } from "preact";
import type { IconName } from "../components/Icon";

/** A page of the studio; its code is loaded when it is opened. */
export interface Page {
  /** In the address, after `#/`. */
  path: string;
  title: string;
  icon: IconName;
  /** One sentence under the title. */
  summary: string;
  load: () => Promise<{ default: ComponentType }>;
}

/** Every page, in the order of the navigation; the first is shown at `/`. */
export const PAGES: readonly [Page, ...Page[]] = [
  {
    path: "write",
    title: "Write",
    icon: "write",
    summary: "A text that is suggested on while you type.",
    load: () => import("./write/Write"),
  },
  {
    path: "reply",
    title: "Reply",
    icon: "reply",
    summary: "What to say next in a conversation.",
    load: () => import("./reply/Reply"),
  },
  {
    path: "classify",
    title: "Classify",
    icon: "classify",
    summary: "What every classifier says of a text, and why.",
    load: () => import("./classify/Classify"),
  },
  {
    path: "answers",
    title: "Answers",
    icon: "answers",
    summary: "What agents may be offered, reviewed by people.",
    load: () => import("./answers/Answers"),
  },
  {
    path: "models",
    title: "Models",
    icon: "models",
    summary: "Every model and version in the store.",
    load: () => import("./models/Models"),
  },
  {
    path: "monitor",
    title: "Monitor",
    icon: "monitor",
    summary: "What the server is doing.",
    load: () => import("./monitor/Monitor"),
  },
];
