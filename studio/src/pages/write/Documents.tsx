import { useEffect, useState } from "preact/hooks";
import { Dialog } from "../../components/Dialog";
import { Icon } from "../../components/Icon";
import type { Desk } from "./document/desk";
import type { Summary } from "./document/shelf";

/** The documents of this browser: open one, begin one, throw one away. */
export function Documents({ desk, onClose }: { desk: Desk; onClose: () => void }) {
  const [doomed, setDoomed] = useState<Summary | null>(null);
  useEffect(() => {
    void desk.refresh();
  }, [desk]);
  const open = desk.open.value?.id;
  if (doomed) {
    return (
      <Dialog title="Throw this document away?" onClose={() => setDoomed(null)}>
        <p>“{doomed.title || "Untitled"}” cannot be brought back.</p>
        <div class="actions end">
          <button class="button" type="button" onClick={() => setDoomed(null)}>
            Keep it
          </button>
          <button
            class="button primary"
            type="button"
            onClick={() => {
              setDoomed(null);
              void desk.remove(doomed.id);
            }}
          >
            Throw it away
          </button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title="Documents" onClose={onClose}>
      <p class="quiet small">They are kept in this browser only.</p>
      <ul class="write-documents">
        {desk.documents.value.map((each) => (
          <li key={each.id}>
            <button
              class="write-document"
              type="button"
              aria-current={each.id === open}
              onClick={() => {
                desk.choose(each.id);
                onClose();
              }}
            >
              <span>{each.title || "Untitled"}</span>
              <span class="quiet small">{when(each.changed)}</span>
            </button>
            <button
              class="button plain small"
              type="button"
              aria-label={`Throw away ${each.title || "Untitled"}`}
              onClick={() => setDoomed(each)}
            >
              <Icon name="trash" />
            </button>
          </li>
        ))}
      </ul>
      <div class="actions end">
        <button class="button" type="button" onClick={onClose}>
          Close
        </button>
        <button
          class="button primary"
          type="button"
          onClick={() => {
            void desk.add();
            onClose();
          }}
        >
          <Icon name="plus" /> New document
        </button>
      </div>
    </Dialog>
  );
}

const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

function when(changed: number): string {
  return DATE.format(changed);
}
