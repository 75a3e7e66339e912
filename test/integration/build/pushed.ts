import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, onTestFinished } from 'vitest';
import type { Language } from '../../../buildpacks/plan.js';
import { decide } from '../../../daemon/build/decide.js';
import { sourceTree } from '../../../daemon/build/source-tree.js';
import { readConfig } from '../../../daemon/config.js';
import { ProcessBuilder } from '../../../daemon/engines/process/build/process-builder.js';
import { Processes } from '../../../daemon/engines/process/host/processes.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import { theseToolchains } from '../../support/toolchains.js';
import { aRequest, tempFolder } from './support.js';

const SYSTEM_PATH = '/usr/local/bin:/usr/bin:/bin';

/** A home for all tests of a file: what one of them compiled, the next one need not. */
export function sharedHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'tfk-test-'));
  afterAll(() => rmSync(home, { recursive: true, force: true }));
  return home;
}

export const aBuilder = (home: string): ProcessBuilder =>
  new ProcessBuilder({
    home,
    path: SYSTEM_PATH,
    processes: new Processes(),
    toolchains: theseToolchains(),
    logger: createLogger('silent', 'test'),
  });

/** Why tests of a language cannot run here; false: they can. */
export async function lacks(language: Language): Promise<boolean> {
  const found = await theseToolchains().find({ language, range: null, asked: null });
  if (!found.ok) process.stderr.write(`skipped: ${found.message}\n`);
  return !found.ok;
}

/** One push of a folder: planned and built as tfkd does, with what builds of this machine are given. */
export async function push(
  builder: ProcessBuilder,
  folder: string,
  config: Readonly<Record<string, string>> = {},
) {
  const { plan, processTypes, buildConfig } = decide(sourceTree(folder), { config, images: false });
  const request = aRequest(folder, {
    plan,
    env: readConfig().buildEnv,
    config: buildConfig,
    limits: { timeoutMs: 280_000, slugBytes: 1e9, outputBytes: 1e8 },
  });
  const result = await builder.build(request);
  return { result, said: request.output.text, plan, processTypes };
}

export type Pushed = Awaited<ReturnType<typeof push>>;

/** The slug in a folder of its own, and the environment of a dyno there. */
export async function aDyno(builder: ProcessBuilder, { result, said, plan }: Pushed) {
  if (!result.ok) throw new Error(`${result.message}\n${said}`);
  const folder = join(tempFolder(), 'dyno');
  const { path, hostPath = [] } = await builder.materialise(result.artifact, folder);
  const own = path.map((entry) => join(folder, entry));
  return { folder, env: { PATH: [...own, ...hostPath, SYSTEM_PATH].join(':'), ...plan.launchEnv } };
}

/** What the web process of a slug answers to `GET /`, once it listens. */
export async function answerOfWeb(builder: ProcessBuilder, pushed: Pushed): Promise<string> {
  const { folder, env } = await aDyno(builder, pushed);
  const port = await freePort();
  const web = spawn('/bin/sh', ['-c', `exec ${pushed.processTypes['web'] ?? 'false'}`], {
    cwd: folder,
    env: { ...env, PORT: String(port) },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const ended = once(web, 'exit');
  onTestFinished(async () => {
    web.kill('SIGKILL');
    await ended;
  });
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => null);
    if (answer !== null) return answer.text();
    if (web.exitCode !== null) throw new Error(`web ended with status ${web.exitCode}`);
    await pause(50);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
