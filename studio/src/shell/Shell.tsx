import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Icon } from "../components/Icon";
import { Segmented } from "../components/Segmented";
import { PAGES, type Page } from "../pages";
import { keyGiven, openKeyDialog } from "../server/key";
import { KeyDialog } from "./KeyDialog";
import { address, route } from "./route";
import { GoneNotice, ServerState } from "./ServerState";
import { theme } from "./theme";

/** The navigation, and the page that is open. */
export function Shell() {
  const page = PAGES.find((each) => each.path === route.value.page) ?? PAGES[0];
  return (
    <div class="shell">
      <button class="skip" type="button" onClick={() => document.getElementById("page")?.focus()}>
        Skip the navigation
      </button>
      <header class="side">
        <div class="brand">
          <Mark />
          cuebox
        </div>
        <nav aria-label="Pages">
          <ul class="pages">
            {PAGES.map((each) => (
              <li key={each.path}>
                <a href={address(each.path)} aria-current={each === page ? "page" : undefined}>
                  <Icon name={each.icon} />
                  {each.title}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="side-end">
          <ServerState />
          <Segmented
            label="Colours"
            value={theme.value}
            options={[
              { value: "system", label: "Auto" },
              { value: "light", label: "Light" },
              { value: "dark", label: "Dark" },
            ]}
            onChange={(value) => {
              theme.value = value;
            }}
          />
          <div class="side-links">
            <a href="docs">API</a>
            <button class="button plain small" type="button" onClick={() => openKeyDialog()}>
              {keyGiven.value ? "Change the key" : "Key"}
            </button>
          </div>
        </div>
      </header>
      <main class="main" id="page" tabIndex={-1}>
        <GoneNotice />
        <Opened key={page.path} page={page} />
      </main>
      <KeyDialog />
    </div>
  );
}

function Opened({ page }: { page: Page }) {
  const [Content, setContent] = useState<{ component: ComponentType } | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    document.title = `${page.title} · cuebox`;
    let current = true;
    page.load().then(
      (loaded) => current && setContent({ component: loaded.default }),
      () => current && setFailed(true),
    );
    return () => {
      current = false;
    };
  }, [page]);
  if (failed) return <NotLoaded />;
  return <div class="page">{Content && <Content.component />}</div>;
}

/* The server was gone, or has newer files than this tab. */
function NotLoaded() {
  return (
    <div class="empty" role="alert">
      <h2>This page could not be loaded</h2>
      <p>The server is gone, or was updated since this tab was opened.</p>
      <button class="button" type="button" onClick={() => location.reload()}>
        Load anew
      </button>
    </div>
  );
}

function Mark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#9a3d14" />
      <path d="M7 11h10M7 16h6" stroke="#fff" stroke-width="2.6" stroke-linecap="round" />
      <path
        d="M16 16h9M7 21h14"
        stroke="#fff"
        stroke-opacity=".5"
        stroke-width="2.6"
        stroke-linecap="round"
      />
    </svg>
  );
}
