import type { Clock } from '../../../shared/clock.js';
import { TfkError } from '../../../shared/errors.js';
import { untilFolderChanges } from '../../../shared/folder-change.js';
import type { DynoExit } from '../../engine.js';
import { parseIdentity } from '../host/processes.js';
import type { DynoFolder, DynoRecord } from './dyno-folder.js';
import type { Observer } from './observe.js';

const LAUNCHED_WITHIN_MS = 30_000;
const LAUNCH_LOOK_MS = 5;
const EXIT_LOOK_MS = 1_000;

/** Has the command been reached? */
export async function isLaunched(folder: DynoFolder): Promise<boolean> {
  return parseIdentity((await folder.text('pid')) ?? '') !== null;
}

/** Rejects with what the shim said when the command cannot be reached. */
export async function untilLaunched(folder: DynoFolder, record: DynoRecord, clock: Clock): Promise<void> {
  const deadline = clock.now() + LAUNCHED_WITHIN_MS;
  while (!(await isLaunched(folder))) {
    if (clock.now() > deadline || (await folder.has('aborted'))) throw await notLaunched(folder, record);
    await clock.sleep(LAUNCH_LOOK_MS);
  }
  // A terminal's script has kept the file open, in the app's own hands: from here on another one counts.
  await folder.write('pid', (await folder.text('pid')) ?? '');
}

/** Resolves when the dyno has ended; a dyno whose folder went away has, with its code lost. */
export async function untilExited(
  folder: DynoFolder,
  record: DynoRecord,
  parts: { readonly observer: Observer; readonly clock: Clock },
): Promise<DynoExit> {
  const missed = () => folder.has('exit');
  for (;;) {
    const state = await parts.observer.observe(folder, record);
    if (state.kind === 'exited') return state.exit;
    if ((await folder.record()) === null) return { code: null, outOfMemory: false, at: parts.clock.now() };
    await untilFolderChanges({ folder: folder.run, atMostMs: EXIT_LOOK_MS, missed }, parts.clock);
  }
}

async function notLaunched(folder: DynoFolder, record: DynoRecord): Promise<TfkError> {
  const said = `${(await folder.text('shim.err')) ?? ''}${(await folder.text('log.00000000')) ?? ''}`.trim();
  const why = said === '' ? 'the shell that starts it did not get so far' : said.slice(0, 1_000);
  return new TfkError('unavailable', `${record.labels.dyno} could not be started: ${why}.`, {
    hint: 'See what `tfk doctor` says of this machine.',
  });
}
