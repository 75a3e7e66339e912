import type { Backup, Restore } from '../../api/backups.js';
import { bytes } from './bytes.js';
import { table } from './table.js';
import { ago, moment } from './time.js';

export function backupLines(backups: readonly Backup[], width: number): string[] {
  return table(
    backups,
    [
      { header: 'ID', value: ({ name }) => name },
      { header: 'Created at', value: ({ created_at }) => moment(new Date(created_at)) },
      { header: 'Status', value: statusOf, shrinks: true },
      { header: 'Size', value: ({ size }) => (size === null ? '' : bytes(size)) },
      { header: 'Origin', value: ({ origin }) => origin },
      { header: 'Database', value: ({ addon }) => addon.name },
    ],
    width,
  );
}

export function restoreLines(restores: readonly Restore[], width: number): string[] {
  return table(
    restores,
    [
      { header: 'ID', value: ({ name }) => name },
      { header: 'Created at', value: ({ created_at }) => moment(new Date(created_at)) },
      { header: 'Status', value: ({ state, reason }) => withReason(state, reason), shrinks: true },
      { header: 'Backup', value: ({ backup }) => backup },
      { header: 'Database', value: ({ addon }) => addon.name },
    ],
    width,
  );
}

export function backupFacts(backup: Backup, now: Date): (readonly [string, string | readonly string[]])[] {
  const { content } = backup;
  return [
    ['Database', backup.addon.name],
    ['Origin', `${backup.origin}, by ${backup.user.email}`],
    ['Created at', ago(backup.created_at, now)],
    ['Finished at', backup.finished_at === null ? '' : ago(backup.finished_at, now)],
    ['Status', withReason(backup.state, backup.reason)],
    ['Size', backup.size === null ? '' : bytes(backup.size)],
    ['SHA-256', backup.sha256 ?? ''],
    ['PG Version', content?.version ?? ''],
    ['Tables', content ? content.tables.map(({ name, rows }) => `${name} (${rows} rows)`) : ''],
    ['Objects', content ? objectsText(content.objects) : ''],
  ];
}

/** `3 tables, 5012 rows` */
export function figures({ content }: Backup): string {
  if (!content) return '';
  const rows = content.tables.reduce((sum, table) => sum + table.rows, 0);
  return `${counted(content.tables.length, 'table')}, ${counted(rows, 'row')}`;
}

function statusOf(backup: Backup): string {
  const text = figures(backup);
  if (backup.state === 'verified' && text !== '') return `verified: ${text}`;
  return withReason(backup.state, backup.reason);
}

const withReason = (state: string, reason: string | null): string =>
  reason === null ? state : `${state}: ${reason}`;

const objectsText = (objects: Readonly<Record<string, { readonly count: number }>>): string =>
  Object.entries(objects)
    .filter(([, { count }]) => count > 0)
    .map(([kind, { count }]) => `${kind} ${count}`)
    .join(', ');

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
