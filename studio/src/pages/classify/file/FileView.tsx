import "./file.css";
import { asked, pasted } from "../choice";
import { ModelChoice } from "../ModelChoice";
import { ColumnChoice } from "./ColumnChoice";
import { complaint, looking, openFile, run, setup, startRun } from "./job";
import { Progress } from "./Progress";

/** A table of texts, classified row by row. */
export function FileView() {
  const current = run.value;
  const open = setup.value;
  return (
    <div class="classify-file">
      {complaint.value && (
        <p class="notice bad" role="alert">
          {complaint.value}
        </p>
      )}
      {looking.value && (
        <p class="notice" role="status">
          Reading {looking.value.name}: {Math.floor(100 * looking.value.share)} %
        </p>
      )}
      {open ? (
        <>
          {!current && (
            <>
              <ColumnChoice setup={open} />
              <ModelChoice />
              <div class="actions">
                <button
                  class="button primary"
                  type="button"
                  disabled={asked.value.length === 0}
                  onClick={() => startRun(asked.value.map((model) => model.id))}
                >
                  Classify {rows(open.table.rows - (open.header ? 1 : 0))}
                </button>
              </div>
            </>
          )}
          {current && <Progress run={current} name={open.table.file.name} />}
        </>
      ) : (
        <Choose />
      )}
    </div>
  );
}

/** Ways to bring a table: choose, drop, paste. */
function Choose() {
  const use = (rows: string) => {
    if (rows.trim()) void openFile(new File([rows], "pasted.csv", { type: "text/csv" }));
  };
  return (
    <div class="classify-choose">
      <label class="classify-drop">
        <span>
          <strong>Choose a CSV or TSV file</strong>, or drop one anywhere on this page
        </span>
        <span class="quiet small">
          It is read in the browser and sent to this server a few rows at a time. One text a line is
          fine, too.
        </span>
        <input
          type="file"
          accept=".csv,.tsv,.txt,.tab,text/csv,text/tab-separated-values,text/plain"
          onChange={(event) => {
            const file = event.currentTarget.files?.[0];
            if (file) void openFile(file);
            event.currentTarget.value = "";
          }}
        />
      </label>
      <div class="field">
        <label for="classify-paste">Or paste rows</label>
        <textarea
          id="classify-paste"
          class="input mono"
          rows={5}
          value={pasted.value}
          placeholder={"text\nmy card has not arrived yet\nplay some jazz"}
          onInput={(event) => {
            pasted.value = event.currentTarget.value;
          }}
          onPaste={(event) => {
            const file = event.clipboardData?.files[0];
            if (!file) return;
            event.preventDefault();
            void openFile(file);
          }}
        />
      </div>
      <div class="actions">
        <button
          class="button"
          type="button"
          disabled={!pasted.value.trim()}
          onClick={() => use(pasted.value)}
        >
          Use these rows
        </button>
      </div>
    </div>
  );
}

/** A number of rows in words. */
export function rows(count: number): string {
  return count === 1 ? "1 row" : `${count.toLocaleString("en")} rows`;
}
