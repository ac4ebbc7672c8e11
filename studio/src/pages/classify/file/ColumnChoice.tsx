import { CheckField, SelectField } from "../../../components/Field";
import { Scrollable } from "../Scrollable";
import { DELIMITERS, type Delimiter } from "./csv";
import { closeFile, openFile, type Setup, setColumn, setHeader } from "./job";
import { columnNames } from "./table";

const NAMES: Record<Delimiter, string> = {
  ",": "commas",
  ";": "semicolons",
  "\t": "tabs",
  "|": "bars |",
  "": "nothing: one text a line",
};

/** What the file is made of, and which of its columns holds the texts. */
export function ColumnChoice({ setup: { table, header, column } }: { setup: Setup }) {
  const names = columnNames(table, header);
  const sample = header ? table.sample.slice(1) : table.sample;
  return (
    <section class="card classify-columns" aria-label="The file">
      <header>
        <h2>{table.file.name}</h2>
        <span class="quiet small">
          {(table.rows - (header ? 1 : 0)).toLocaleString("en")} rows
          {table.encoding !== "utf-8" && `, ${table.encoding}`}
        </span>
        <button class="button small" type="button" onClick={closeFile}>
          Another file
        </button>
      </header>
      <div class="classify-columns-choice">
        <SelectField
          label="Column with the texts"
          value={String(column)}
          options={names.map((name, index) => ({ value: String(index), label: name }))}
          onChange={(value) => setColumn(Number(value))}
        />
        <SelectField
          label="Columns are separated by"
          value={table.delimiter}
          options={DELIMITERS.map((value) => ({ value, label: NAMES[value] }))}
          onChange={(value) => void openFile(table.file, value as Delimiter)}
        />
        <CheckField label="The first row names the columns" checked={header} onChange={setHeader} />
      </div>
      <Scrollable label="The first rows">
        <table>
          <thead>
            <tr>
              {names.map((name, index) => (
                <th key={index} scope="col" class={index === column ? "chosen" : undefined}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {sample.slice(0, 4).map((row, index) => (
              <tr key={index}>
                {names.map((_, place) => (
                  <td key={place} class={place === column ? "chosen" : undefined} dir="auto">
                    {short(row[place] ?? "")}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scrollable>
    </section>
  );
}

const LONGEST = 100;

/** The beginning of a cell. */
export function short(cell: string): string {
  return cell.length > LONGEST ? `${cell.slice(0, LONGEST)}…` : cell;
}
