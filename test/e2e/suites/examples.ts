import { cpSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineUnderTest } from '../../support/engine-under-test.js';
import {
  EXAMPLES,
  exampleNames,
  readExample,
  type Check,
  type CommandCheck,
  type LogCheck,
  type RequestCheck,
  type TfkCheck,
} from '../../support/example.js';
import type { Installation } from '../../support/installation.js';
import { isInstalled } from '../../support/programs.js';

/** Each example, pushed as it stands, and all that its example.json says; the checks build on each other, in order. */
export function describeExamples(engine: EngineUnderTest): void {
  describe(`examples on the ${engine.name} engine`, () => {
    let tfk: Installation;
    beforeAll(() => {
      tfk = engine.install();
    });
    afterAll(() => engine.remove(tfk));
    for (const name of exampleNames()) describeExample(name, engine, () => tfk);
  });
}

function describeExample(name: string, engine: EngineUnderTest, installation: () => Installation): void {
  const example = readExample(name);
  const missing =
    engine.name === 'process' ? (example.needs ?? []).filter((program) => !isInstalled(program)) : [];
  if (missing.length > 0) {
    it.skip(`${name}: this machine has no ${missing.join(', ')}`);
    return;
  }
  describe(name, () => {
    const remembered = new Map<string, string>();
    let app: PushedExample;
    beforeAll(async () => {
      app = new PushedExample(name, installation(), remembered);
      await app.push();
    });
    afterAll(() => app.destroy());

    it(`is built by the planner ${example.planner}, and has its process types`, async () => {
      expect(await app.plan()).toEqual({ planner: example.planner, types: example.process_types });
    });
    for (const check of example.checks) it(titleOf(check), () => app.check(check));
  });
}

function titleOf(check: Check): string {
  if ('request' in check) return `answers ${check.request} with ${check.status}`;
  if ('tfk' in check) return `does tfk ${check.tfk}`;
  return 'run' in check ? `runs ${check.run}` : `logs ${check.log}`;
}

const LOG_MS = 30_000;

class PushedExample {
  private readonly source: string;

  constructor(
    private readonly name: string,
    private readonly tfk: Installation,
    private readonly remembered: Map<string, string>,
  ) {
    this.source = join(tfk.folder, name);
  }

  async push(): Promise<void> {
    const from = join(EXAMPLES, this.name);
    const untracked = new Set(['node_modules', '.venv', '__pycache__', '.tfk', 'dist']);
    cpSync(from, this.source, {
      recursive: true,
      filter: (path) => path === from || !untracked.has(basename(path)),
    });
    await this.tfk.ok('push', this.source);
  }

  async plan(): Promise<{ planner: string; types: string[] }> {
    const plan = JSON.parse(await this.tfk.ok('plan', this.source, '--json')) as {
      planner: string;
      process_types: Record<string, string>;
    };
    return { planner: plan.planner, types: Object.keys(plan.process_types) };
  }

  async destroy(): Promise<void> {
    await this.tfk.ok('apps:destroy', '-a', this.name, '--confirm', this.name);
  }

  async check(check: Check): Promise<void> {
    if ('request' in check) await this.request(check);
    else if ('run' in check) await this.run(check);
    else if ('tfk' in check) await this.tfkCommand(check);
    else await this.log(check);
  }

  private async request({
    request,
    headers,
    json,
    status,
    body,
    remember,
    within,
  }: RequestCheck): Promise<void> {
    const [method, path = '/'] = this.filled(request).split(' ');
    const given = Object.entries(headers ?? {}).map(([name, value]) => [name, this.filled(value)] as const);
    const type = json === undefined ? {} : { 'content-type': 'application/json' };
    const sent = { ...type, ...Object.fromEntries(given) };
    const text = json === undefined ? '' : this.filled(JSON.stringify(json));
    const wanted = { status, body: expect.stringMatching(this.pattern(body ?? '')) as string };
    const ask = () => this.tfk.get(this.name, path, method, sent, text);
    let answer = await ask();
    if (within === undefined) expect(answer).toMatchObject(wanted);
    else
      await expect
        .poll(async () => (answer = await ask()), { timeout: within * 1000, interval: 250 })
        .toMatchObject(wanted);
    this.remember(remember, answer.body);
  }

  private async run({ run, input, exit = 0, output, remember }: CommandCheck): Promise<void> {
    const words = this.filled(run).split(' ');
    const ran = await this.tfk.tfkWith(
      input === undefined ? {} : { input },
      'run',
      '-a',
      this.name,
      '--',
      ...words,
    );
    const said = `${ran.stdout}\n${ran.stderr}`;
    expect(ran.code, said).toBe(exit);
    if (output !== undefined) expect(said).toMatch(this.pattern(output));
    this.remember(remember, said);
  }

  private async tfkCommand({ tfk, output = '' }: TfkCheck): Promise<void> {
    const ran = await this.tfk.tfk(...this.filled(tfk).split(' '), '-a', this.name);
    const said = `${ran.stdout}\n${ran.stderr}`;
    expect(ran.code, said).toBe(0);
    expect(said).toMatch(this.pattern(output));
  }

  private async log({ log, process }: LogCheck): Promise<void> {
    const of = process === undefined ? [] : ['-p', process];
    await expect
      .poll(() => this.tfk.ok('logs', '-n', '1500', ...of, '-a', this.name), {
        timeout: LOG_MS,
        interval: 500,
      })
      .toMatch(this.pattern(log));
  }

  private remember(patterns: RequestCheck['remember'] = {}, text: string): void {
    for (const [name, pattern] of Object.entries(patterns))
      this.remembered.set(name, new RegExp(pattern).exec(text)?.[1] ?? `no ${name}`);
  }

  private filled(text: string): string {
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => this.remembered.get(name) ?? whole);
  }

  private pattern(text: string): RegExp {
    return new RegExp(this.filled(text), 'm');
  }
}
