import type Docker from 'dockerode';
import { once } from 'node:events';
import type { Duplex, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ProgramResult, StreamedProgram } from '../../service-host.js';
import { Demux } from '../attach/demux.js';

const ERRORS_LIMIT = 64 * 1024;

/** Runs a program in a running container at the pace of its streams: nothing is held but what is under way. */
export async function streamInside(
  container: Docker.Container,
  { command, input, output, signal }: StreamedProgram,
): Promise<ProgramResult> {
  signal.throwIfAborted();
  const exec = await container.exec({
    Cmd: [...command],
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
  });
  const connection = await exec.start({ hijack: true, stdin: true });
  const stop = (): void => void connection.destroy(new Error('It was stopped.'));
  signal.addEventListener('abort', stop, { once: true });
  try {
    const [errors] = await Promise.all([read(connection, output, signal), write(connection, input)]);
    const { ExitCode: code } = await exec.inspect();
    return { exitCode: code ?? -1, output: errors };
  } finally {
    signal.removeEventListener('abort', stop);
    connection.destroy();
  }
}

/** A program that ends early, with a reason on stderr, has no use for the rest of its input. */
async function write(connection: Duplex, input: StreamedProgram['input']): Promise<void> {
  if (!input) {
    connection.end();
    return;
  }
  await pipeline(input, connection).catch((error: unknown) => {
    if (input.errored && input.errored !== connection.errored) throw error;
  });
}

async function read(connection: Duplex, output: Writable | null, signal: AbortSignal): Promise<string> {
  const demux = new Demux();
  const errors: Buffer[] = [];
  let kept = 0;
  for await (const chunk of connection) {
    for (const { stream, data } of demux.take(chunk as Buffer)) {
      if (stream === 'stdout') await handOn(output, data, signal);
      else if (kept < ERRORS_LIMIT) kept += errors[errors.push(data) - 1]?.length ?? 0;
    }
  }
  return Buffer.concat(errors).subarray(0, ERRORS_LIMIT).toString('utf8');
}

/** Where nobody takes it, a stop ends the wait: a connection that is closed meanwhile is not looked at. */
async function handOn(output: Writable | null, data: Buffer, signal: AbortSignal): Promise<void> {
  if (!output) return;
  if (output.errored) throw output.errored;
  if (!output.write(data)) await once(output, 'drain', { signal });
}
