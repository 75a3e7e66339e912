import { visible } from './sanitise.js';

export interface Column<Row> {
  /** Shown above the column; a table in which no column has one has no head. */
  readonly header?: string;
  readonly value: (row: Row) => string;
  /** Colours the padded cell. */
  readonly style?: (cell: string, row: Row) => string;
  /** Gives way first when the terminal is too narrow. */
  readonly shrinks?: boolean;
}

const GAP = '  ';
const NARROWEST = 12;

/** Lines of aligned columns, two blanks apart, none wider than `width` if columns may shrink so far. */
export function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  width = Infinity,
): string[] {
  const cells = rows.map((row) => columns.map((column) => visible(column.value(row))));
  const heads = columns.map((column) => column.header ?? '');
  const widths = columnWidths([heads, ...cells], columns, width);
  const body = cells.map((line, index) => aligned(line, widths, columns, rows[index]));
  if (heads.every((head) => head === '')) return body;
  const rule = widths.map((size) => '─'.repeat(size));
  return [aligned(heads, widths, columns), aligned(rule, widths, columns), ...body];
}

/** `key:  value` lines with the values aligned. Several values of one key stand below each other. */
export function fields(pairs: readonly (readonly [string, string | readonly string[]])[]): string[] {
  const longest = Math.max(0, ...pairs.map(([key]) => displayWidth(visible(key))));
  const indent = ' '.repeat(longest + 2);
  return pairs.flatMap(([key, value]) => {
    const [first = '', ...others] = typeof value === 'string' ? [value] : value;
    const label = pad(`${visible(key)}:`, longest + 1);
    return [`${label} ${visible(first)}`.trimEnd(), ...others.map((other) => indent + visible(other))];
  });
}

/** Columns a terminal needs for a text: wide East Asian characters and emoji take two, combining marks none. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{Mark}|\u200d|\ufe0f/u.test(character)) continue;
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}

function columnWidths<Row>(
  lines: readonly (readonly string[])[],
  columns: readonly Column<Row>[],
  width: number,
): number[] {
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => displayWidth(line[index] ?? ''))));
  let excess = widths.reduce((sum, size) => sum + size, 0) + GAP.length * (columns.length - 1) - width;
  columns.forEach((column, index) => {
    if (column.shrinks !== true || excess <= 0) return;
    const size = widths[index] ?? 0;
    const narrowed = Math.max(Math.min(size, NARROWEST), size - excess);
    widths[index] = narrowed;
    excess -= size - narrowed;
  });
  return widths;
}

function aligned<Row>(
  cells: readonly string[],
  widths: readonly number[],
  columns: readonly Column<Row>[],
  row?: Row,
): string {
  const shown = cells.map((cell, index) => {
    const padded = pad(
      shortened(cell, widths[index] ?? 0),
      index === cells.length - 1 ? 0 : (widths[index] ?? 0),
    );
    const style = columns[index]?.style;
    return row === undefined || style === undefined ? padded : style(padded, row);
  });
  return shown.join(GAP).trimEnd();
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

function shortened(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = '';
  for (const character of text) {
    if (displayWidth(kept + character) > width - 1) break;
    kept += character;
  }
  return `${kept}…`;
}
