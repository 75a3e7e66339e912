import fc from 'fast-check';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { extract, type Header } from 'tar-stream';
import { afterAll, afterEach, beforeAll, describe, expect, test, type TestContext } from 'vitest';
import { anyVersionOf, planOn, type BuildPlan } from '../../buildpacks/plan.js';
import type {
  Artifact,
  Attachment,
  DynoExit,
  DynoHandle,
  DynoSpec,
  Engine,
  LogBatch,
} from '../../daemon/engines/engine.js';
import { newId } from '../../daemon/shared/ids.js';

export interface EngineFixture {
  readonly engine: Engine;
  /** Another engine object over the same home, as after a restart of tfkd. */
  reopen(): Promise<Engine>;
  /** An engine of another home on the same machine. */
  neighbour(): Promise<Engine>;
  /** What still runs of these instances, in words. */
  leftovers(instances: readonly string[]): Promise<string[]>;
  /** Names of variables that what slugs are made on brings along: a base image has some. */
  readonly baseVariables?: readonly string[];
  dispose(): Promise<void>;
}

/** What every engine owes its callers; `skip` names what one cannot do, with the reason. */
export function describeEngine(
  name: string,
  create: () => Promise<EngineFixture>,
  skip: Readonly<Record<string, string>> = {},
): void {
  describe(`The ${name} engine`, () => {
    const titles = new Set<string>();
    let fixture: EngineFixture;
    let engine: Engine;
    let artifact: Artifact;
    const instances: string[] = [];

    const it = (title: string, body: (context: TestContext) => Promise<void>) => {
      titles.add(title);
      const reason = skip[title];
      test(title, async (context) => {
        if (reason !== undefined) return context.skip(reason);
        await body(context);
      });
    };

    const specOf = (command: string, more: Partial<DynoSpec> = {}): DynoSpec => {
      const instance = newId();
      instances.push(instance);
      return {
        instance,
        labels: { appId: 'contract', dyno: 'web.1', releaseVersion: 1 },
        appName: 'contract',
        artifact,
        command,
        env: {},
        port: false,
        limits: { memoryBytes: 512 * 1024 * 1024, cpuWeight: 1, pids: 256 },
        appNumber: 1,
        stdio: 'logged',
        terminal: null,
        ...more,
      };
    };
    const start = (command: string, more?: Partial<DynoSpec>) => engine.start(specOf(command, more));
    const startAttached = async (command: string, more?: Partial<DynoSpec>) =>
      engine.attach(await start(command, { stdio: 'attached', ...more }));
    const onTerminal = { terminal: { columns: 91, rows: 23 } };

    beforeAll(async () => {
      fixture = await create();
      engine = fixture.engine;
      artifact = await buildFrom(engine, {
        'file.txt': 'from the slug\n',
        'bin/hello': '#!/bin/sh\necho hello\n',
      });
    });
    afterEach(async () => {
      for (const { handle } of await engine.list()) await engine.remove(handle);
    });
    afterAll(async () => {
      const left = await fixture.leftovers(instances);
      await fixture.dispose();
      expect(left).toEqual([]);
      expect(Object.keys(skip).filter((title) => !titles.has(title))).toEqual([]);
    });

    it('answers where it can work, and with facts', async () => {
      const facts = await engine.examine();
      expect(facts.length).toBeGreaterThan(0);
      expect(facts.filter(({ status }) => status === 'failed')).toEqual([]);
    });

    it('gives the same content the same artifact, and knows which it has', async () => {
      const again = await buildFrom(engine, {
        'file.txt': 'from the slug\n',
        'bin/hello': '#!/bin/sh\necho hello\n',
      });
      expect(again.id).toBe(artifact.id);
      expect(await engine.hasArtifact(artifact)).toBe(true);
      expect(await engine.hasArtifact({ ...artifact, id: '0'.repeat(64) })).toBe(false);
    });

    it('hands out a slug as an archive of ./app', async () => {
      const seen = new Map<string, string>();
      const entries = extract();
      const reading = pipeline(await engine.pack(artifact), entries);
      for await (const entry of entries as unknown as AsyncIterable<Readable & { header: Header }>) {
        const { name, type } = entry.header;
        if (type === 'file') seen.set(name.replace(/^\.\//, ''), await text(entry));
        else entry.resume();
      }
      await reading;
      expect(Object.fromEntries(seen)).toMatchObject({
        'app/file.txt': 'from the slug\n',
        'app/bin/hello': '#!/bin/sh\necho hello\n',
      });
      await expect(engine.pack({ ...artifact, id: '0'.repeat(64) })).rejects.toMatchObject({ id: 'gone' });
    });

    for (const [command, code] of [
      ['exit 0', 0],
      ['exit 7', 7],
      ['no-such-command', 127],
      ['kill -KILL $$', 137],
      ['kill -TERM $$', 143],
    ] as const) {
      it(`tells the exit code ${code} of \`${command}\``, async () => {
        const before = Date.now() - 5_000;
        const handle = await start(command);
        const exit = await untilExited(engine, handle);
        expect(exit).toMatchObject({ code, outOfMemory: false });
        expect(exit.at).toBeGreaterThan(before);
        expect(exit.at).toBeLessThan(Date.now() + 5_000);
      });
    }

    it('delivers output once and in order, then resolves', async () => {
      const handle = await start('seq 1 20000');
      const followed = await follow(engine, handle);
      expect(followed.lines).toEqual(Array.from({ length: 20_000 }, (_, index) => String(index + 1)));
      expect(followed.lost).toBe(0);
    });

    it('delivers both streams, empty lines, and a last line without a newline', async () => {
      const handle = await start('echo out; echo err >&2; echo; printf last');
      expect((await follow(engine, handle)).lines.sort()).toEqual(['', 'err', 'last', 'out']);
    });

    it('delivers what a dyno writes to /dev/stdout and /dev/stderr by name', async () => {
      const handle = await start(
        'echo first; echo second >/dev/stdout; echo third >/dev/stderr; echo fourth',
      );
      expect((await follow(engine, handle)).lines.sort()).toEqual(['first', 'fourth', 'second', 'third']);
    });

    it('delivers a line while the dyno goes on', async () => {
      const handle = await start('echo ready; sleep 60');
      const seen = await followUntil(engine, handle, (lines) => lines.includes('ready'));
      expect(seen.lines).toEqual(['ready']);
    });

    it('cuts lines at 10 000 bytes, and never inside a character', async () => {
      const program = `process.stdout.write('a'.repeat(9999) + 'é'.repeat(5001) + '\\n')`;
      const { lines } = await follow(engine, await start(`node -e "${program}"`));
      expect(lines.join('')).toBe(`${'a'.repeat(9_999)}${'é'.repeat(5_001)}`);
      expect(Math.max(...lines.map((line) => Buffer.byteLength(line)))).toBeLessThanOrEqual(10_000);
      expect(lines[0]).toBe('a'.repeat(9_999));
    });

    it('goes on from a cursor without a gap or a repeat, also with another engine object', async () => {
      const handle = await start('seq 1 3000; sleep 1; seq 3001 6000');
      const first = await followUntil(engine, handle, (lines) => lines.length >= 1_000);
      const second = await follow(await fixture.reopen(), handle, first.cursor);
      expect([...first.lines, ...second.lines]).toEqual(
        Array.from({ length: 6_000 }, (_, index) => String(index + 1)),
      );
    });

    it('delivers a batch again whose delivery failed', async () => {
      const handle = await start('echo once; exit 0');
      const refusal = engine.followLogs(handle, null, () => Promise.reject(new Error('no room')), never());
      await expect(refusal).rejects.toThrow('no room');
      expect((await follow(engine, handle)).lines).toEqual(['once']);
    });

    it('delivers nothing after its signal has aborted', async () => {
      const handle = await start('sleep 60');
      const stop = new AbortController();
      const followed = engine.followLogs(
        handle,
        null,
        () => Promise.reject(new Error('delivered')),
        stop.signal,
      );
      stop.abort();
      await followed;
    });

    it('starts an instance once, however often it is asked', async () => {
      const spec = specOf('echo started; sleep 60');
      const [first, second] = await Promise.all([engine.start(spec), engine.start(spec)]);
      const third = await (await fixture.reopen()).start(spec);
      expect(second).toEqual(first);
      expect(third).toEqual(first);
      expect(await engine.list()).toHaveLength(1);
    });

    it('hands out handles that survive JSON', async () => {
      const handle = await start('sleep 60', { port: true });
      expect(JSON.parse(JSON.stringify(handle))).toEqual(handle);
    });

    it('is adopted by another engine object: listed, signalled, its exit code known', async () => {
      const handle = await start('sleep 60');
      const other = await fixture.reopen();
      const [seen] = await other.list();
      expect(seen).toMatchObject({ handle, state: { kind: 'running' } });
      expect(seen?.labels).toEqual({ appId: 'contract', dyno: 'web.1', releaseVersion: 1 });
      await other.signal(handle, 'SIGTERM');
      expect((await untilExited(other, handle)).code).toBe(143);
      expect((await untilExited(engine, handle)).code).toBe(143);
    });

    it('tells its watchers of a start and soon of an end, until they unsubscribe', async () => {
      let told = 0;
      const unwatch = engine.watch(() => (told += 1));
      const handle = await start('sleep 60');
      await eventually(() => expect(told).toBeGreaterThan(0));
      const before = told;
      await engine.signal(handle, 'SIGKILL');
      await eventually(() => expect(told).toBeGreaterThan(before));
      await untilExited(engine, handle);
      unwatch();
      const after = told;
      await engine.remove(handle);
      expect(told).toBe(after);
    });

    it('knows of an end by the time it tells its watchers', async () => {
      const handle = await start('sleep 60');
      const seen: string[] = [];
      const unwatch = engine.watch(() => {
        void engine.list().then(([dyno]) => seen.push(dyno?.state.kind ?? 'gone'));
      });
      await engine.signal(handle, 'SIGKILL');
      await eventually(() => expect(seen).toContain('exited'), 5_000);
      unwatch();
    });

    it('sends each signal it is asked for', async () => {
      const script = ['INT', 'HUP', 'QUIT', 'USR1', 'USR2', 'TERM']
        .map((one) => `trap 'echo ${one}' ${one}`)
        .join('; ');
      const handle = await start(`${script}; echo ready; while :; do sleep 0.05; done`);
      await followUntil(engine, handle, (lines) => lines.includes('ready'));
      for (const signal of ['INT', 'HUP', 'QUIT', 'USR1', 'USR2', 'TERM'] as const) {
        await engine.signal(handle, `SIG${signal}`);
        const { lines } = await followUntil(engine, handle, (seen) => seen.includes(signal));
        expect(lines).toContain(signal);
      }
    });

    it('leaves signals in a dyno as they are by default', async () => {
      for (const [signal, code] of [
        ['SIGINT', 130],
        ['SIGQUIT', 131],
        ['SIGHUP', 129],
      ] as const) {
        const handle = await start('sleep 60');
        await engine.signal(handle, signal);
        expect((await untilExited(engine, handle)).code).toBe(code);
      }
    });

    it('signals the whole process group', async () => {
      const handle = await start(
        `sh -c 'trap "echo child; exit" TERM; echo ready; while :; do sleep 0.05; done' & wait`,
      );
      await followUntil(engine, handle, (lines) => lines.includes('ready'));
      await engine.signal(handle, 'SIGTERM');
      expect((await follow(engine, handle)).lines).toContain('child');
    });

    it('kills a dyno that ignores SIGTERM', async () => {
      const handle = await start(`trap '' TERM; echo ready; sleep 60; sleep 60`);
      await followUntil(engine, handle, (lines) => lines.includes('ready'));
      await engine.signal(handle, 'SIGTERM');
      expect((await engine.list())[0]?.state.kind).toBe('running');
      await engine.signal(handle, 'SIGKILL');
      expect((await untilExited(engine, handle)).code).toBe(137);
    });

    it('takes a signal for a dyno that is gone, and a second removal, without complaint', async () => {
      const handle = await start('exit 0');
      await untilExited(engine, handle);
      await engine.signal(handle, 'SIGTERM');
      await engine.remove(handle);
      await engine.remove(handle);
      await engine.signal(handle, 'SIGKILL');
      expect(await engine.list()).toEqual([]);
    });

    it('kills what still runs on removal, and what has left its group', async () => {
      const handle = await start(`setsid sh -c 'sleep 300' & echo ready; sleep 300`);
      await followUntil(engine, handle, (lines) => lines.includes('ready'));
      await engine.remove(handle);
      expect(await fixture.leftovers([handle.instance])).toEqual([]);
    });

    it('ends what the dyno left running when its first process has ended', async () => {
      const handle = await start(`sleep 300 & setsid sleep 300 & exit 3`);
      expect((await untilExited(engine, handle)).code).toBe(3);
      await follow(engine, handle);
      await eventually(async () => expect(await fixture.leftovers([handle.instance])).toEqual([]));
    });

    it('gives exactly the environment it was told, byte by byte', async () => {
      const env = randomEnvironment(10_000);
      const program = `for (const pair of Object.entries(process.env)) console.log(JSON.stringify(pair))`;
      const handle = await start(`node -e '${program}'`, { env, port: true });
      const { lines } = await follow(engine, handle);
      const seen = Object.fromEntries(lines.map((line) => JSON.parse(line) as [string, string]));
      const own = Object.fromEntries(Object.entries(seen).filter(([name]) => name in env));
      expect(own).toEqual(env);
      const added = Object.keys(seen).filter((name) => !(name in env));
      expect(added.sort()).toEqual(expect.arrayContaining(['HOME', 'PATH', 'PORT', 'TMPDIR']));
      const engines = [
        'HOME',
        'PATH',
        'PORT',
        'TMPDIR',
        'TFK_DYNO',
        'PWD',
        'OLDPWD',
        'SHLVL',
        '_',
        'HOSTNAME',
        'NODE_VERSION',
        'YARN_VERSION',
        ...(fixture.baseVariables ?? []),
      ];
      expect(added.filter((name) => !engines.includes(name))).toEqual([]);
    });

    it('says without a value which variable cannot be given', async () => {
      const secret = 'x'.repeat(200 * 1024);
      const error: unknown = await start('true', { env: { TOO_LONG: secret } }).catch(
        (thrown: unknown) => thrown,
      );
      expect(String(error)).toContain('TOO_LONG');
      expect(String(error)).not.toContain('xxx');
      expect(await engine.list()).toEqual([]);
    });

    it('reaches a dyno at its address, where it listens on PORT', async () => {
      const program = `require('net').createServer((s) => s.end('it is me')).listen(process.env.PORT, () => console.log('listening'))`;
      const handle = await start(`node -e "${program}"`, { port: true });
      await followUntil(engine, handle, (lines) => lines.includes('listening'));
      expect(await readFrom(handle)).toBe('it is me');
      const usage = await engine.inspect(handle);
      expect(usage.listening).toHaveLength(1);
      expect(usage.memoryBytes).toBeGreaterThan(1024 * 1024);
    });

    it('gives no two dynos the same port', async () => {
      const handles = await Promise.all(Array.from({ length: 6 }, () => start('sleep 60', { port: true })));
      const ports = handles.map(({ address }) => `${address?.host ?? ''}:${address?.port ?? 0}`);
      expect(new Set(ports).size).toBe(6);
    });

    it('gives each dyno a fresh copy of the slug and a scratch of its own', async () => {
      const script =
        'cat file.txt; ls "$TMPDIR" | wc -l | tr -d " "; echo changed >file.txt; echo x >"$TMPDIR/x"; ls "$TMPDIR"';
      for (let round = 0; round < 2; round++) {
        const { lines } = await follow(engine, await start(script));
        expect(lines).toEqual(['from the slug', '0', 'x']);
      }
    });

    it('puts the folders of the plan in front of the PATH', async () => {
      const planned = await buildFrom(engine, { 'bin/greet': '#!/bin/sh\necho greetings\n' }, ['bin']);
      const handle = await start('chmod +x bin/greet; greet', { artifact: planned });
      expect((await follow(engine, handle)).lines).toEqual(['greetings']);
    });

    it('sources the slug’s .profile.d and .profile for each command, which they cannot change', async () => {
      const profiled = await buildFrom(engine, {
        '.profile.d/a.sh': 'export A="$HOME/a" COLOUR=red',
        '.profile.d/b.sh': 'set -- echo changed; export B=${A##*/}b',
        '.profile.d/not-one': 'exit 9',
        '.profile': 'export C=$B-c',
      });
      const command = 'echo "${A#"$HOME"} $B $C $COLOUR"';
      const told = '/a ab ab-c red';
      const handle = await start(`${command}; sleep 600`, { artifact: profiled });
      await followUntil(engine, handle, (lines) => lines.includes(told));
      const further = await engine.exec(handle, { command, env: {}, terminal: null });
      expect(await text(further.stdout)).toBe(`${told}\n`);
      const oneOff = await startAttached('env', { artifact: profiled, env: { COLOUR: 'blue' } });
      expect((await text(oneOff.stdout)).split('\n')).toContain('COLOUR=red');
    });

    it('starts a logged dyno with an empty stdin and nothing else open', async () => {
      const program = `const fs = require('fs'); console.log(fs.readFileSync(0).length); for (const fd of fs.readdirSync('/proc/self/fd')) { try { const t = fs.readlinkSync('/proc/self/fd/' + fd); if (fd > 2 && !/anon_inode|proc|dev.null|pipe:|socket:/.test(t)) console.log(fd, t) } catch {} }`;
      expect((await follow(engine, await start(`node -e "${program}"`))).lines).toEqual(['0']);
    });

    it('rejects a start that cannot be made, and keeps nothing of it', async () => {
      const gone = { ...artifact, id: 'f'.repeat(64) };
      await expect(start('true', { artifact: gone })).rejects.toThrow();
      expect(await engine.list()).toEqual([]);
    });

    it('does not see the dynos of another home, nor remove them', async () => {
      const handle = await start('sleep 60');
      const other = await fixture.neighbour();
      expect(await other.list()).toEqual([]);
      await other.signal(handle, 'SIGKILL');
      await other.remove(handle);
      expect((await engine.list())[0]?.state.kind).toBe('running');
    });

    it('pipes through an attached dyno: stdin to its end, stdout and stderr apart, the exit code', async () => {
      const attachment = await startAttached('cat; echo oops >&2; exit 9');
      const answers = Promise.all([text(attachment.stdout), text(orNothing(attachment.stderr))]);
      attachment.stdin.end('one\ntwo\n');
      expect(await answers).toEqual(['one\ntwo\n', 'oops\n']);
      expect((await attachment.exited).code).toBe(9);
    });

    it('keeps the output of an attached dyno that ended before anyone attached', async () => {
      const handle = await start('echo early; exit 4', { stdio: 'attached' });
      await untilExited(engine, handle);
      const attachment = await engine.attach(handle);
      expect(await text(attachment.stdout)).toBe('early\n');
      expect((await attachment.exited).code).toBe(4);
    });

    it('attaches once', async () => {
      const handle = await start('sleep 60', { stdio: 'attached' });
      const attachment = await engine.attach(handle);
      await expect(engine.attach(handle)).rejects.toThrow();
      attachment.close();
    });

    it('carries 50 MB through stdin and stdout unchanged', async () => {
      const attachment = await startAttached('cat');
      const size = 50 * 1024 * 1024;
      const block = Buffer.alloc(1024 * 1024, 'tfk');
      const sent = pipeline(Readable.from(blocks(block, size)), attachment.stdin);
      let received = 0;
      for await (const chunk of attachment.stdout as AsyncIterable<Buffer>) received += chunk.length;
      await sent;
      expect(received).toBe(size);
      expect((await attachment.exited).code).toBe(0);
    });

    it('signals an attached dyno', async () => {
      const attachment = await startAttached('sleep 60');
      await attachment.signal('SIGINT');
      expect((await attachment.exited).code).toBe(130);
    });

    it('hangs up on an attached dyno whose client has gone', async () => {
      const attachment = await startAttached('sleep 60');
      attachment.close();
      expect((await attachment.exited).code).toBe(129);
    });

    it('takes what is written to a dyno that reads no more', async () => {
      const attachment = await startAttached('exec <&-; sleep 0.2; exit 5');
      attachment.stdin.write(Buffer.alloc(1024 * 1024));
      attachment.stdout.resume();
      expect((await attachment.exited).code).toBe(5);
    });

    it('gives a terminal of the asked size, and changes it', async () => {
      const attachment = await startAttached('stty size; read line; stty size; exit 6', onTerminal);
      const screen = screenOf(attachment);
      await screen.until('23 91');
      await attachment.resize({ columns: 120, rows: 40 });
      attachment.stdin.write('\r');
      await screen.until('40 120');
      expect((await attachment.exited).code).toBe(6);
    });

    it('tells a program on a terminal of a new size', async () => {
      const attachment = await startAttached(
        `trap 'stty size; exit 8' WINCH; echo ready; while :; do sleep 0.05; done`,
        onTerminal,
      );
      const screen = screenOf(attachment);
      await screen.until('ready');
      await attachment.resize({ columns: 77, rows: 11 });
      await screen.until('11 77');
      expect((await attachment.exited).code).toBe(8);
    });

    it('ends input on a terminal at ^D and interrupts at ^C', async () => {
      const reading = await startAttached('echo ready; cat; exit 3', onTerminal);
      await screenOf(reading).until('ready');
      reading.stdin.write('\x04');
      expect((await reading.exited).code).toBe(3);
      const waiting = await startAttached('echo ready; exec sleep 60', onTerminal);
      await screenOf(waiting).until('ready');
      waiting.stdin.write('\x03');
      expect((await waiting.exited).code).toBe(130);
    });

    it('hangs up on a terminal whose client has gone', async () => {
      const attachment = await startAttached('echo ready; exec sleep 60', onTerminal);
      await screenOf(attachment).until('ready');
      attachment.close();
      expect((await attachment.exited).code).toBe(129);
    });

    it('runs a further process in a dyno: its folder, environment and exit code', async () => {
      const handle = await start('echo changed >file.txt; echo ready; sleep 60', { env: { COLOUR: 'blue' } });
      await followUntil(engine, handle, (lines) => lines.includes('ready'));
      const request = {
        command: 'cat file.txt; echo "$COLOUR $TASTE"; cat; exit 11',
        env: { TASTE: 'sweet' },
        terminal: null,
      };
      const attachment = await engine.exec(handle, request);
      attachment.stdin.end('and input');
      expect(await text(attachment.stdout)).toBe('changed\nblue sweet\nand input');
      expect((await attachment.exited).code).toBe(11);
      expect((await engine.list())[0]?.state.kind).toBe('running');
    });

    it('runs a further process with a terminal, also after a restart of the daemon', async () => {
      const handle = await start('sleep 60', { env: { COLOUR: 'green' } });
      const other = await fixture.reopen();
      const attachment = await other.exec(handle, {
        command: 'stty size; echo $COLOUR',
        env: {},
        ...onTerminal,
      });
      expect(await text(attachment.stdout)).toBe('23 91\r\ngreen\r\n');
      expect((await attachment.exited).code).toBe(0);
    });

    it('ends further processes with their dyno', async () => {
      const handle = await start('sleep 60');
      const attachment = await engine.exec(handle, { command: 'sleep 60', env: {}, terminal: null });
      attachment.stdout.resume();
      await engine.signal(handle, 'SIGKILL');
      await untilExited(engine, handle);
      await attachment.exited;
      await eventually(async () => expect(await fixture.leftovers([handle.instance])).toEqual([]));
    });

    it('refuses a further process in a dyno that has ended', async () => {
      const handle = await start('exit 0');
      await untilExited(engine, handle);
      await expect(engine.exec(handle, { command: 'true', env: {}, terminal: null })).rejects.toThrow();
    });
  });
}

const PLAN: BuildPlan = { ...planOn(anyVersionOf('node')), planner: 'procfile', label: 'Procfile' };

async function buildFrom(
  engine: Engine,
  files: Record<string, string>,
  launchPath: string[] = [],
): Promise<Artifact> {
  const sourceDir = await mkdtemp(join(tmpdir(), 'tfk-contract-source-'));
  try {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(join(sourceDir, path, '..'), { recursive: true });
      await writeFile(join(sourceDir, path), content);
    }
    const ignored = () => undefined;
    const result = await engine.build({
      appId: 'contract',
      buildId: newId(),
      plan: { ...PLAN, launchPath },
      sourceDir,
      env: {},
      config: {},
      configKey: () => '',
      limits: { timeoutMs: 60_000, slugBytes: 1024 ** 3, outputBytes: 1024 ** 2 },
      output: { step: ignored, detail: ignored, warning: ignored },
      signal: never(),
    });
    if (!result.ok) throw new Error(result.message);
    return result.artifact;
  } finally {
    await rm(sourceDir, { recursive: true, force: true });
  }
}

interface Followed {
  readonly lines: string[];
  readonly cursor: string | null;
  readonly lost: number;
}

const follow = (engine: Engine, handle: DynoHandle, cursor: string | null = null): Promise<Followed> =>
  followUntil(engine, handle, () => false, cursor);

/** Follows from the cursor on until it has seen enough, or to the end. */
async function followUntil(
  engine: Engine,
  handle: DynoHandle,
  enough: (lines: readonly string[]) => boolean,
  from: string | null = null,
): Promise<Followed> {
  const lines: string[] = [];
  const stop = new AbortController();
  let [cursor, lost] = [from, 0];
  const deliver = (batch: LogBatch) => {
    lines.push(...batch.lines.map((line) => line.text));
    cursor = batch.cursor;
    lost += batch.lostBytes;
    if (enough(lines)) stop.abort();
    return Promise.resolve();
  };
  await engine.followLogs(handle, from, deliver, stop.signal);
  return { lines, cursor, lost };
}

async function untilExited(engine: Engine, handle: DynoHandle): Promise<DynoExit> {
  let exit: DynoExit | undefined;
  await eventually(async () => {
    const dyno = (await engine.list()).find((one) => one.handle.instance === handle.instance);
    if (dyno?.state.kind !== 'exited') throw new Error(`not ended, but ${dyno?.state.kind ?? 'gone'}`);
    exit = dyno.state.exit;
  });
  if (!exit) throw new Error('not ended');
  return exit;
}

async function eventually(check: () => unknown, withinMs = 20_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function screenOf(attachment: Attachment) {
  let shown = '';
  attachment.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()));
  return { until: (wanted: string) => eventually(() => expect(shown).toContain(wanted)) };
}

async function readFrom(handle: DynoHandle): Promise<string> {
  if (!handle.address) throw new Error('no address');
  return (await buffer(createConnection(handle.address))).toString();
}

function* blocks(block: Buffer, size: number): Generator<Buffer> {
  for (let sent = 0; sent < size; sent += block.length) yield block;
}

/** Names as config vars have them; values with all that Unicode has but NUL, and half characters. */
function randomEnvironment(count: number): Record<string, string> {
  const value = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({
      unit: fc.constantFrom(
        "'",
        '"',
        '\\',
        '\n',
        '\r',
        '$',
        '`',
        '!',
        '*',
        ' ',
        '\t',
        '=',
        'é',
        '\u0081',
        '\u0088',
      ),
      maxLength: 30,
    }),
  );
  const values = fc.sample(value, { numRuns: count, seed: 20_261_120 });
  return Object.fromEntries(
    values.map((one, index) => [`VALUE_${index}`, Buffer.from(one.replaceAll('\0', '')).toString()]),
  );
}

const orNothing = (stream: Readable | null): Readable => stream ?? Readable.from([]);
const never = (): AbortSignal => new AbortController().signal;
