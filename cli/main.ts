#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { readConfig } from './config.js';
import { Context, type Installation } from './context.js';
import { codeOf, EXIT, UserError } from './errors.js';
import { Output } from './output/output.js';
import { runProgram } from './program.js';

/** Compiled, this file is dist/cli/main.js: the daemon lies beside it, the package around it. */
function installation(): Installation {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { version: string };
  const program = fileURLToPath(import.meta.url);
  return { root, version, program, daemon: fileURLToPath(new URL('../daemon/main.js', import.meta.url)) };
}

async function main(): Promise<number> {
  const config = readConfig(process.env, process.cwd(), homedir());
  const output = new Output(process.stdout, process.stderr, config.colour);
  const context = new Context({
    config,
    output,
    installation,
    stdin: process.stdin,
    now: () => new Date(),
    signals: process,
  });
  try {
    return await runProgram(process.argv.slice(2), context);
  } catch (error) {
    return report(error, output);
  } finally {
    await context.close();
  }
}

function report(error: unknown, output: Output): number {
  if (error instanceof UserError) {
    output.failure(error.message, error.hint);
    return error.exitCode;
  }
  output.failure(
    `This is a bug in tfk: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  return EXIT.failed;
}

/** What was written reaches its reader before the process ends. */
async function flushed(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.errored) unwritten(stream.errored);
  if (stream.destroyed || stream.writableLength === 0) return;
  await new Promise<void>((done) => {
    stream.once('close', done);
    stream.write('', () => done());
  });
}

/** Who has closed the pipe wants no more of it; a full disk has less than it should, and whoever reads that file is told. */
function unwritten(error: Error): never {
  if (codeOf(error) === 'EPIPE') process.exit(process.exitCode ?? EXIT.ok);
  if (!process.stderr.errored)
    new Output(process.stdout, process.stderr, 'never').failure(
      `What tfk had to say could not be written: ${error.message}.`,
      'Make room where it is written to.',
    );
  process.exit(EXIT.failed);
}

for (const stream of [process.stdout, process.stderr]) stream.on('error', unwritten);
process.exitCode = await main();
await flushed(process.stdout);
await flushed(process.stderr);
process.exit();
