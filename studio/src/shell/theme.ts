import { effect } from "@preact/signals";
import { oneOf, setting } from "../storage/setting";

/** The person's choice of colours. */
export type Theme = "system" | "light" | "dark";

/** Light, dark, or as the system says. */
export const theme = setting<Theme>("theme", "system", oneOf("system", "light", "dark"));

const dark = matchMedia("(prefers-color-scheme: dark)");

function apply(): void {
  const chosen = theme.value === "system" ? (dark.matches ? "dark" : "light") : theme.value;
  document.documentElement.dataset["theme"] = chosen;
}

/** Keep the page's colours as chosen. */
export function followTheme(): void {
  effect(apply);
  dark.addEventListener("change", apply);
}
