import { Dialog } from "../../components/Dialog";
import { KEYS } from "./commands";

/** The keys of this page. */
export function HelpDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl class="answers-keys">
        {KEYS.map(({ keys, command, what }) => (
          <div key={command}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{NAMES[key] ?? key.toUpperCase()}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <div class="actions end">
        <button class="button" type="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}

const NAMES: Record<string, string> = {
  ArrowDown: "↓",
  ArrowUp: "↑",
  PageDown: "Page ↓",
  PageUp: "Page ↑",
  Home: "Home",
  End: "End",
  Enter: "Enter",
  Escape: "Esc",
};
