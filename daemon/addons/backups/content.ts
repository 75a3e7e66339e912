/** What is in a backup, by which a restored one is compared with what was backed up. */
export interface Content {
  /** Of the server that it was taken from: `15.18` */
  readonly version: string;
  readonly tables: readonly TableContent[];
  /** Of each kind (indexes, functions…) how many, and a digest of what they are. */
  readonly objects: Readonly<Record<string, { readonly count: number; readonly digest: string }>>;
}

export interface TableContent {
  /** `public.users` */
  readonly name: string;
  readonly rows: number;
  /** The same for the same rows in any order. */
  readonly digest: string;
}

/** In words, what of `expected` is otherwise in `found`; none: it is the same. */
export function differences(expected: Content, found: Content): string[] {
  const there = new Map(found.tables.map((table) => [table.name, table]));
  const known = new Set(expected.tables.map(({ name }) => name));
  return [
    ...expected.tables.flatMap((table) => tableDifference(table, there.get(table.name))),
    ...found.tables.filter(({ name }) => !known.has(name)).map(({ name }) => `${name} is there besides`),
    ...Object.entries(expected.objects).flatMap(([kind, { count, digest }]) => {
      const other = found.objects[kind];
      if (other?.digest === digest) return [];
      return other?.count === count
        ? [`${kind} are not the same`]
        : [`${other?.count ?? 0} of ${count} ${kind}`];
    }),
  ];
}

function tableDifference({ name, rows, digest }: TableContent, found: TableContent | undefined): string[] {
  if (!found) return [`${name} is missing`];
  if (found.rows !== rows) return [`${name} has ${found.rows} rows in place of ${rows}`];
  return found.digest === digest ? [] : [`rows of ${name} are not the same`];
}

export const rowsIn = ({ tables }: Content): number => tables.reduce((sum, { rows }) => sum + rows, 0);
