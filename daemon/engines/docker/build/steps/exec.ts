import type Docker from 'dockerode';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { LineSplitter } from '../../../../shared/lines.js';
import type { Stream } from '../../../build/buildpacks.js';
import { printable } from '../../../build/printable.js';
import { answerOf, statusOf, unless } from '../../answers.js';
import { OURS, type RunsAs } from './container-options.js';

export interface Command {
  readonly argv: readonly string[];
  /** On top of the container's own. */
  readonly env: Readonly<Record<string, string>>;
  readonly line: (text: string, stream: Stream) => void;
  /** Called with the bytes of each piece of output. */
  readonly printed: (bytes: number) => void;
  /** As whom and where it runs; else as tfk's own images have it. */
  readonly as?: RunsAs;
  /** Once it is aborted, nobody waits for the command any more. */
  readonly signal: AbortSignal;
}

export type CommandEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed' }
  | { readonly kind: 'unstartable'; readonly message: string };

const LOOK_EVERY_MS = 500;
const LOOK_SOON_MS = 50;
/** The engine has a moment to come to itself again. */
const MOST_FAILED_LOOKS = 6;
/** For output that is on its way still when the command has ended; a child in the background may hold the stream open. */
const DRAIN_MS = 2000;
const UNSTARTABLE = /^OCI runtime exec failed:.*?(exec: .*?)(: unknown)?\s*$/s;

/** Runs one command in a running container. Resolves when it has ended and its output was delivered; killing the container ends it. */
export async function runInside(
  docker: Docker,
  container: Docker.Container,
  command: Command,
): Promise<CommandEnd> {
  const { user, folder } = command.as ?? OURS;
  const exec = await container.exec({
    Cmd: [...command.argv],
    Env: Object.entries(command.env).map(([name, value]) => `${name}=${value}`),
    WorkingDir: folder,
    User: user,
    AttachStdout: true,
    AttachStderr: true,
  });
  const running = { exec, container, signal: command.signal };
  let refusal = '';
  try {
    const stream = (await exec.start({})) as unknown as Readable;
    refusal = await deliver(docker, stream, command, endedBy(running));
  } catch (error) {
    // Newer engines answer the start with what older ones print.
    if (statusOf(error) !== 400 || !UNSTARTABLE.test(answerOf(error))) throw error;
    refusal = answerOf(error);
  }
  return ending(running, UNSTARTABLE.exec(refusal)?.[1] ?? null);
}

interface Running {
  readonly exec: Docker.Exec;
  readonly container: Docker.Container;
  readonly signal: AbortSignal;
}

async function ending(running: Running, unstartable: string | null): Promise<CommandEnd> {
  const code = await exitCode(running, LOOK_SOON_MS);
  if (code === null) return { kind: 'killed' };
  if (unstartable !== null && (code === 126 || code === 127))
    return { kind: 'unstartable', message: unstartable };
  return { kind: 'exited', code };
}

/**
 * Waits for the command's end: its output may have ended long before. Null where the container ended with all that was known
 * of the command. A look that fails tells nothing; rejects when several in a row have.
 */
async function exitCode({ exec, container, signal }: Running, everyMs: number): Promise<number | null> {
  for (let failed = 0; !signal.aborted;) {
    try {
      const { Running, ExitCode } = await inspect(exec);
      if (!Running) return ExitCode;
      if (!(await runs(container))) return null;
      failed = 0;
    } catch (error) {
      if (++failed === MOST_FAILED_LOOKS) throw error;
    }
    await pause(failed > 0 ? LOOK_EVERY_MS : everyMs, undefined, { ref: false });
  }
  return null;
}

async function inspect(exec: Docker.Exec): Promise<{ Running: boolean; ExitCode: number | null }> {
  // The container does not run any more, or is gone.
  return (await unless([404, 409], exec.inspect())) ?? { Running: false, ExitCode: null };
}

async function runs(container: Docker.Container): Promise<boolean> {
  return (await unless([404], container.inspect()))?.State.Running ?? false;
}

/** Resolves a while after the command has ended, whoever else holds its output. */
async function endedBy(running: Running): Promise<void> {
  // What looking failed of is found once more when the output is given up.
  await exitCode(running, LOOK_EVERY_MS).catch(() => null);
  await pause(DRAIN_MS, undefined, { ref: false });
}

/** Hands on the output until the stream or the command ends. Answers the first line, which may be the engine's own. */
async function deliver(
  docker: Docker,
  stream: Readable,
  command: Command,
  ended: Promise<void>,
): Promise<string> {
  const printed: string[] = [];
  const streams = (['stdout', 'stderr'] as const).map((name) => ({ name, lines: new LineSplitter() }));
  const show = (text: string, name: Stream) => {
    if (printed.length === 0) printed.push(text);
    command.line(printable(text), name);
  };
  const [out, err] = streams.map(({ name, lines }) => ({
    write: (chunk: Buffer) => {
      command.printed(chunk.length);
      for (const text of lines.push(chunk)) show(text, name);
    },
  }));
  const closed = new Promise<void>((resolve) => {
    stream.once('error', () => resolve());
    stream.once('close', () => resolve());
  });
  docker.modem.demuxStream(
    stream,
    out as unknown as NodeJS.WritableStream,
    err as unknown as NodeJS.WritableStream,
  );
  await Promise.race([closed, ended]);
  stream.destroy();
  for (const { name, lines } of streams) for (const text of lines.end()) show(text, name);
  return printed[0] ?? '';
}
