import { visible } from '../output/sanitise.js';
import { displayWidth } from '../output/table.js';

export interface Answer {
  /** `SELECT`, `INSERT`, … */
  readonly command: string;
  readonly fields: readonly { readonly name: string; readonly number: boolean }[];
  readonly rows: readonly (readonly (string | null)[])[];
  readonly rowCount: number | null;
}

/** An answer as psql prints it: a table and its count of rows, or what was done. */
export function answerLines(answer: Answer): string[] {
  if (answer.fields.length === 0) return [doneLine(answer)];
  const heads = answer.fields.map(({ name }) => visible(name));
  const rows = answer.rows.map((row) => row.map((cell) => visible(cell ?? '')));
  const widths = heads.map((head, index) =>
    Math.max(displayWidth(head), ...rows.map((row) => displayWidth(row[index] ?? ''))),
  );
  const rule = widths.map((width) => '-'.repeat(width + 2)).join('+');
  const body = rows.map((row) =>
    row
      .map((cell, index) => aligned(cell, widths[index] ?? 0, answer.fields[index]?.number === true))
      .join('|')
      .trimEnd(),
  );
  const title = heads.map((head, index) => centred(head, widths[index] ?? 0)).join('|');
  return [title, rule, ...body, `(${rows.length} row${rows.length === 1 ? '' : 's'})`, ''];
}

function doneLine({ command, rowCount }: Answer): string {
  if (command === 'INSERT') return `INSERT 0 ${rowCount ?? 0}`;
  return rowCount === null ? command : `${command} ${rowCount}`;
}

function aligned(cell: string, width: number, right: boolean): string {
  const blanks = ' '.repeat(width - displayWidth(cell));
  return right ? ` ${blanks}${cell} ` : ` ${cell}${blanks} `;
}

function centred(head: string, width: number): string {
  const left = Math.floor((width - displayWidth(head)) / 2);
  return ` ${' '.repeat(left)}${head}${' '.repeat(width - displayWidth(head) - left)} `;
}
