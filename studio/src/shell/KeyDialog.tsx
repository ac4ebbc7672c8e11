import { useState } from "preact/hooks";
import { Dialog } from "../components/Dialog";
import { canBeKey, declineKey, forgetKey, giveKey, keyGiven, keyWanted } from "../server/key";

/** Asks for an API key when a request needs one. */
export function KeyDialog() {
  const [key, setKey] = useState("");
  const reason = keyWanted.value;
  if (reason === null) return null;
  const possible = canBeKey(key);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!possible) return;
    giveKey(key);
    setKey("");
  };
  return (
    <Dialog title="API key" onClose={declineKey}>
      <form onSubmit={submit} autocomplete="off">
        <p class="quiet small">
          {reason || "This server may ask for a key."} It is kept for this tab only, and sent to
          this server only. <code>cuebox keys create</code> makes one.
        </p>
        <div class="field">
          <label for="api-key">Key</label>
          <input
            id="api-key"
            class="input mono"
            type="password"
            autocomplete="off"
            spellcheck={false}
            value={key}
            aria-invalid={key.trim() !== "" && !possible}
            aria-describedby="api-key-complaint"
            onInput={(event) => setKey(event.currentTarget.value)}
          />
          <p class="complaint" id="api-key-complaint" role="status">
            {key.trim() !== "" &&
              !possible &&
              "A key has no spaces, and no letters with accents: copy it once more."}
          </p>
        </div>
        <div class="actions end">
          {keyGiven.value && (
            <button class="button" type="button" onClick={forgetKey}>
              Forget the key
            </button>
          )}
          <button class="button" type="button" onClick={declineKey}>
            Not now
          </button>
          <button class="button primary" type="submit" disabled={!possible}>
            Use this key
          </button>
        </div>
      </form>
    </Dialog>
  );
}
