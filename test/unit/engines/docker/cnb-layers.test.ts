import type Docker from 'dockerode';
import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setImmediate as immediately } from 'node:timers/promises';
import { pack } from 'tar-stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fileIn } from '../../../../daemon/engines/docker/build/cnb/container-files.js';
import { LayerFolders } from '../../../../daemon/engines/docker/build/cnb/layer-folders.js';
import { CLEAR, REPLACE } from '../../../../daemon/engines/docker/build/cnb/layer-scripts.js';
import { archiveOf, files, folders } from '../../../../daemon/engines/docker/build/steps/archives.js';

/** The user of a builder; who runs the tests, where that is no root. */
const BUILDERS = process.getuid?.() === 0 ? { uid: 12_345, gid: 12_345 } : {};

describe('the cache of a buildpack that takes away its own right to write', () => {
  /** As a builder's user; answers the exit status. */
  const sh = (script: string, ...args: readonly string[]): number | null =>
    spawnSync('/bin/sh', ['-c', script, 'sh', ...args], { ...BUILDERS, cwd: '/' }).status;

  function aFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'tfk-layers-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    if (BUILDERS.uid !== undefined) chownSync(folder, BUILDERS.uid, BUILDERS.gid);
    return folder;
  }

  /** What Go's module cache is like. */
  const MAKE = `mkdir -p "$1/go/mod/x@1" && echo "$2" > "$1/go/mod/x@1/y.go" && chmod 0555 "$1/go/mod/x@1" "$1/go/mod"`;

  test('is replaced by each build, also by one after a build that was cut off', () => {
    const [layers, cache] = [join(aFolder(), 'layers'), aFolder()];
    const kept = join(cache, 'kept');
    expect(sh(MAKE, `${kept}.next`, 'cut off')).toBe(0);
    for (const content of ['1', '2', '3']) {
      expect(sh(MAKE, layers, content)).toBe(0);
      expect(sh(REPLACE, layers, kept, 'go/mod')).toBe(0);
      expect(sh('[ "$(cat "$1")" = "$2" ]', `${kept}/go/mod/x@1/y.go`, content)).toBe(0);
      expect([`${kept}.next`, `${kept}.old`].filter((path) => existsSync(path))).toEqual([]);
      expect(sh(CLEAR, layers, 'go', 'none')).toBe(0);
      expect(existsSync(join(layers, 'go'))).toBe(false);
    }
  });
});

/** A container in which these files are, as the engine has them. */
function aContainer(texts: Readonly<Record<string, string>>, archiveOf = oneFile) {
  const stat = (path: string) => {
    const text = JSON.stringify({ mode: 0o644, size: Math.min(texts[path]?.length ?? 0, 100) });
    return Buffer.from(text).toString('base64');
  };
  const container = {
    infoArchive: ({ path }: { path: string }) => {
      if (texts[path] === undefined)
        return Promise.reject(Object.assign(new Error('no'), { statusCode: 404 }));
      const headers = { 'x-docker-container-path-stat': stat(path) };
      return Promise.resolve(Object.assign(Readable.from([]), { headers }));
    },
  } as unknown as Docker.Container;
  const containers = {
    read: (_: unknown, path: string) => Promise.resolve(archiveOf(path, texts[path] ?? '')),
    fill: () => Promise.resolve(),
  };
  return { container, containers };
}

const oneFile = (name: string, text: string): Readable =>
  archiveOf([files(new Map([[name, Buffer.from(text)]]), 0)]);

describe('a file of a container', () => {
  const read = (text: string, archive?: (path: string) => Readable) => {
    const { container, containers } = aContainer({ '/a': text }, archive);
    return fileIn(containers, container, '/a');
  };

  test('is its text', async () => {
    expect(await read('größe')).toBe('größe');
  });

  test('that has grown since it was looked at is given up', async () => {
    await expect(read('x'.repeat(5 * 1024 * 1024))).rejects.toMatchObject({ fault: { reason: 'limit' } });
  });

  test('that was made an endless one is not read to its end', async () => {
    const head = pack();
    head.entry({ name: 'a', size: 2 ** 40 });
    const header = await new Promise<unknown>((resolve) => head.once('data', resolve));
    let pulled = 0;
    const endless = (): Readable =>
      Readable.from(
        (async function* () {
          yield header;
          for (;;) {
            await immediately();
            pulled += 65_536;
            yield Buffer.alloc(65_536);
          }
        })(),
      );
    await expect(read('x', endless)).rejects.toMatchObject({ fault: { reason: 'limit' } });
    expect(pulled).toBeLessThan(4 * 1024 * 1024);
  });

  test('that was made a folder is none', async () => {
    const content = new Map(['a/b', 'a/c'].map((name) => [name, Buffer.from('x')]));
    const folder = () => archiveOf([folders(['a'], 0), files(content, 0)]);
    expect(await read('x', folder)).toBeNull();
  });

  test('whose archive is cut off is an error', async () => {
    const whole = await buffer(oneFile('a', 'x'.repeat(2000)));
    await expect(read('x', () => Readable.from([whole.subarray(0, 1000)]))).rejects.toThrow();
  });
});

describe('layers of more than tfkd can have at once', () => {
  /** Folders of layers that list `listed`, of which each file is `toml`. */
  function aBuild(listed: readonly string[], toml: string) {
    const warnings: string[] = [];
    const { container, containers } = aContainer(
      new Proxy<Record<string, string>>(
        {},
        { get: (_, path) => (typeof path === 'string' ? toml : undefined) },
      ),
    );
    const command = (_: unknown, { line }: { line: (text: string) => void }) => {
      for (const path of listed) line(`d ${path}`);
      return Promise.resolve(null);
    };
    const layers = new LayerFolders({
      builder: { user: { uid: 1, gid: 1 } },
      container,
      containers,
      commands: { command },
      output: { warning: (text: string) => warnings.push(text), detail: () => undefined },
      cache: 'cnb-1',
      now: 0,
    } as unknown as ConstructorParameters<typeof LayerFolders>[0]);
    return { layers, warnings };
  }

  const paths = (count: number) => Array.from({ length: count }, (_, index) => `a/l${index}.toml`);
  const types = '[types]\nlaunch = true\n[metadata]\n';
  const large = `${types}x = "${'x'.repeat(1_000_000)}"`;
  const OF = new Set(['a']);
  const LIMIT = { fault: { reason: 'limit' } };

  test('end the build, by their number and by their size', async () => {
    await expect(aBuild(paths(1001), types).layers.found(OF)).rejects.toMatchObject(LIMIT);
    await expect(aBuild(paths(5), large).layers.found(OF)).rejects.toMatchObject(LIMIT);
    const { layers } = await aBuild(paths(4), large).layers.found(OF);
    expect(layers.map((layer) => Object.keys(layer)).flat()).not.toContain('metadata');
    // Nobody reads what is of another buildpack.
    expect((await aBuild(paths(5), large).layers.found(new Set(['b']))).layers).toEqual([]);
  });

  test('are not restored, so that the next build has a cache again', async () => {
    for (const [listed, toml] of [
      [paths(1001), types],
      [paths(5), large],
      [paths(1), `${types}${'a.'.repeat(25)}`.concat('b = 1\n')],
    ] as const) {
      const { layers, warnings } = aBuild(listed, toml);
      await layers.restore(OF);
      expect(warnings.join()).toMatch(listed.length > 1 ? /not restored: all is built anew/ : /^$/);
    }
  });
});
