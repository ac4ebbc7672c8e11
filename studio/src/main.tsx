import "./design/tokens.css";
import "./design/base.css";
import "./design/components.css";
import "./shell/shell.css";
import { effect } from "@preact/signals";
import { render } from "preact";
import { PAGES } from "./pages";
import { connection } from "./server/connection";
import { keyChanges } from "./server/key";
import { loadModels } from "./server/models";
import { followAddress } from "./shell/route";
import { Shell } from "./shell/Shell";
import { followTheme } from "./shell/theme";

followTheme();
followAddress();

const root = document.getElementById("studio");
if (root) render(<Shell />, root);

// Once the first page rests, so that the others open at once, and while the server is away.
const REST_MS = 3_000;
setTimeout(() => {
  const fetchAll = () => Promise.allSettled(PAGES.map((page) => page.load()));
  if ("requestIdleCallback" in window) requestIdleCallback(() => void fetchAll());
  else void fetchAll();
}, REST_MS);

// At the start, and whenever the server came back or the key changed.
effect(() => {
  const changes = keyChanges.value;
  if (connection.value.state === "ok" || changes > 0) void loadModels();
});
