import type Docker from 'dockerode';
import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { ProgramResult, ServiceProgram } from '../../service-host.js';

const OUTPUT_LIMIT = 64 * 1024;
const LIMIT_MS = 60_000;

/** Runs a program in a running container, as the container's own user. */
export async function runInside(
  docker: Docker,
  container: Docker.Container,
  { command, input }: ServiceProgram,
): Promise<ProgramResult> {
  const exec = await container.exec({
    Cmd: [...command],
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await exec.start({ hijack: true, stdin: true });
  const output = new Output();
  docker.modem.demuxStream(stream, output.sink, output.sink);
  const ended = finished(stream, { writable: false });
  const tooLong = setTimeout(() => stream.destroy(new Error(`${command[0]} took too long`)), LIMIT_MS);
  stream.end(input);
  await ended.finally(() => clearTimeout(tooLong));
  const { ExitCode: code } = await exec.inspect();
  return { exitCode: code ?? -1, output: output.text() };
}

/** Keeps the beginning of what it is sent. */
class Output {
  readonly sink = new PassThrough();
  private readonly chunks: Buffer[] = [];
  private bytes = 0;

  constructor() {
    this.sink.on('data', (chunk: Buffer) => {
      if (this.bytes < OUTPUT_LIMIT) this.chunks.push(chunk);
      this.bytes += chunk.length;
    });
  }

  text(): string {
    return Buffer.concat(this.chunks).subarray(0, OUTPUT_LIMIT).toString('utf8');
  }
}
