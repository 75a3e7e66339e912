import type { BackupRecord } from '../../store/backups.js';

type Kept = Pick<BackupRecord, 'origin' | 'state' | 'finishedAt'>;

/**
 * What of an add-on's backups, newest first, is too old after one of that origin was made: the newest `kept` of the origin stay, and
 * as many of those that failed; and always the newest that is verified, whatever came after it.
 */
export function tooOld<B extends Kept>(backups: readonly B[], origin: B['origin'], kept: number): B[] {
  const ended = backups.filter(({ finishedAt }) => finishedAt !== null);
  const good = ended.filter((backup) => backup.origin === origin && backup.state !== 'failed');
  const bad = ended.filter(({ state }) => state === 'failed');
  const proved = ended.find(({ state }) => state === 'verified');
  return [...good.slice(kept), ...bad.slice(kept)].filter((backup) => backup !== proved);
}
