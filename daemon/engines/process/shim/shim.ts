import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Duplex, type Readable, type Writable } from 'node:stream';
import type { TerminalSize } from '../../engine.js';
import { quote } from '../../launch/quote.js';
import { inheritedDescriptors } from '../host/descriptors.js';
import { SYSTEM_PATH } from '../host/isolation.js';
import { launcherScript, launchPayload } from './launcher.js';
import { SHIM_SCRIPT } from './script.js';

const LONGEST_READ = 16 * 1024;

export interface ShimSettings {
  /** The folder the shim works in; it exists. */
  readonly run: string;
  /** The app's root, where the command starts. */
  readonly app: string;
  /** What all its processes carry as TFK_DYNO; empty where others carry it too, and only the group is killed at the end. */
  readonly marker: string;
  readonly stdio: 'logged' | 'attached';
  readonly terminal: TerminalSize | null;
  /** See Cgroups.entrances. */
  readonly cgroups: readonly string[];
  /** See Isolation.wrapping. */
  readonly wrapping: readonly string[];
  readonly log: LogBudget;
}

/** On disk for one dyno: at most `segments` files, each of `segmentBytes` and up to twice that. */
export interface LogBudget {
  readonly segmentBytes: number;
  readonly segments: number;
}

/** Starts the shim and hands it environment and command. Resolves when it runs, not yet the command. */
export async function startShim(
  settings: ShimSettings,
  env: Readonly<Record<string, string>>,
  command: string,
): Promise<void> {
  await writeFile(join(settings.run, 'settings'), settingsText(settings), { mode: 0o600 });
  await writeFile(join(settings.run, 'shim.sh'), SHIM_SCRIPT, { mode: 0o700 });
  await spawnDetached(settings.run, [], launchPayload(env, command));
}

/** Takes over a running dyno's output from the given segment on, after its logger was killed. */
export async function startLogger(run: string, segment: number): Promise<void> {
  await spawnDetached(run, [String(segment)], null);
}

function settingsText(settings: ShimSettings): string {
  const { log, terminal } = settings;
  const block = Math.min(LONGEST_READ, log.segmentBytes);
  const values = {
    app: settings.app,
    marker: settings.marker,
    mode: terminal ? 'terminal' : settings.stdio,
    cgroups: settings.cgroups.join(' '),
    enter: settings.wrapping.join(' '),
    launcher: launcherScript(terminal),
    segment: String(log.segmentBytes),
    segments: String(log.segments),
    block: String(block),
    blocks: String(Math.min(1024, Math.ceil(log.segmentBytes / block))),
  };
  return Object.entries(values)
    .map(([name, value]) => `${name}=${quote(value)}\n`)
    .join('');
}

/** In a session of its own, so that neither tfkd's end nor a ^C at its terminal reaches it. */
async function spawnDetached(run: string, args: readonly string[], payload: string | null): Promise<void> {
  const errors = await open(join(run, 'shim.err'), 'a', 0o600);
  const nothing = await open('/dev/null', 'r+');
  try {
    const child = spawn('/bin/sh', ['./shim.sh', run, ...args], {
      cwd: run,
      detached: true,
      env: { PATH: SYSTEM_PATH },
      stdio: [
        'ignore',
        errors.fd,
        errors.fd,
        payload === null ? 'ignore' : 'pipe',
        ...(await covers(nothing.fd)),
      ],
    });
    await once(child, 'spawn');
    child.unref();
    if (payload !== null) send(child.stdio[3], payload);
  } finally {
    await errors.close();
    await nothing.close();
  }
}

/** From descriptor 4 on: a shell cannot close what has two digits, so what tfkd was given itself is covered up. */
async function covers(nothing: number): Promise<('ignore' | number)[]> {
  const inherited = (await inheritedDescriptors()).filter((fd) => fd > 3);
  const highest = Math.max(3, ...inherited);
  return Array.from({ length: highest - 3 }, (_, index) =>
    inherited.includes(index + 4) ? nothing : 'ignore',
  );
}

/** Lets go of the pipe as soon as the kernel has it all: tfkd keeps nothing open for a dyno. */
function send(pipe: Readable | Writable | null | undefined, payload: string): void {
  if (!(pipe instanceof Duplex)) return;
  // The launcher may end before it has read all: how it went is seen in the run folder, not here.
  pipe.on('error', () => undefined);
  pipe.end(payload, () => pipe.destroy());
}
