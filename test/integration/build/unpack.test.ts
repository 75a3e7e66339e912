import fc from 'fast-check';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { Unpacker } from '../../../daemon/build/unpack.js';
import { unpackArchive } from '../../../daemon/build/unpack/archive.js';
import { builtProgram } from '../../support/built.js';
import { tempFolder } from './support.js';
import { END, entry, pax, tar } from './tarball.js';

let program = '';
beforeAll(() => {
  program = builtProgram('daemon/build/unpack/main.js');
}, 120_000);

const LIMITS = { bytes: 20 * 1048576, entries: 1000, milliseconds: 60_000 };
const never = new AbortController().signal;

interface Unpacked {
  readonly folder: string;
  readonly outside: string;
  readonly files: number;
}

/** Unpacks beside a canary folder, in this process, where the cases are many; a refusal comes as its text. */
async function unpack(archive: Buffer, limits = LIMITS): Promise<Unpacked | string> {
  const around = tempFolder();
  const outside = join(around, 'canary');
  mkdirSync(outside);
  writeFileSync(join(around, 'source.tar'), archive);
  const folder = join(around, 'tree');
  mkdirSync(folder, { mode: 0o700 });
  const result = await unpackArchive(join(around, 'source.tar'), folder, limits).catch(
    (error: unknown) => error,
  );
  expect(readdirSync(outside)).toEqual([]);
  expect(readdirSync(around).filter((name) => !['canary', 'source.tar', 'tree'].includes(name))).toEqual([]);
  if (typeof result === 'number') return { folder, outside, files: result };
  return String(result);
}

async function accepted(archive: Buffer): Promise<Unpacked> {
  const result = await unpack(archive);
  if (typeof result === 'string') throw new Error(result);
  return result;
}

const hello = entry({ name: 'hello.txt', content: 'hello' });

describe('a well-formed archive', () => {
  test('is unpacked whole, from tar and tar.gz, with or without ./ in front', async () => {
    const parts = [entry({ name: './', type: '5' }), entry({ name: './a/b.txt', content: 'b' }), hello];
    for (const archive of [tar(...parts), gzipSync(tar(...parts))]) {
      const { folder, files } = await accepted(archive);
      expect(files).toBe(2);
      expect(readFileSync(join(folder, 'a/b.txt'), 'utf8')).toBe('b');
      expect(readFileSync(join(folder, 'hello.txt'), 'utf8')).toBe('hello');
      expect(statSync(folder).mode & 0o777).toBe(0o700);
    }
  });

  test('keeps only the exec bit of a mode', async () => {
    const modes = { suid: 0o6755, none: 0, plain: 0o664, script: 0o700 };
    const { folder } = await accepted(
      tar(...Object.entries(modes).map(([name, mode]) => entry({ name, mode }))),
    );
    const found = Object.keys(modes).map((name) => (statSync(join(folder, name)).mode & 0o7777).toString(8));
    expect(found).toEqual(['755', '644', '644', '755']);
  });

  test('takes long, accented and odd names by PAX and GNU headers', async () => {
    const long = `${'d'.repeat(100)}/${'é'.repeat(60)} [x] \u202E.txt`;
    const { folder } = await accepted(tar(pax({ path: long }), entry({ name: 'short', content: 'x' })));
    expect(readFileSync(join(folder, long), 'utf8')).toBe('x');
  });

  test('keeps links that stay inside, hard links as copies, and the last of two files', async () => {
    const { folder } = await accepted(
      tar(
        entry({ name: 'lib/a.txt', content: 'one' }),
        entry({ name: 'bin/link', type: '2', linkname: '../lib/a.txt' }),
        entry({ name: 'copy.txt', type: '1', linkname: 'lib/a.txt' }),
        entry({ name: 'lib/a.txt', content: 'two' }),
      ),
    );
    expect(readFileSync(join(folder, 'bin/link'), 'utf8')).toBe('two');
    expect(readFileSync(join(folder, 'copy.txt'), 'utf8')).toBe('one');
    expect(statSync(join(folder, 'copy.txt')).nlink).toBe(1);
  });

  test('may hold what is dangerous only when run: it is just files', async () => {
    const { folder } = await accepted(
      tar(
        entry({ name: '.git/hooks/post-checkout', content: '#!/bin/sh', mode: 0o755 }),
        entry({ name: '.profile' }),
      ),
    );
    expect(lstatSync(join(folder, '.git/hooks/post-checkout')).isFile()).toBe(true);
  });
});

const link = (name: string, linkname: string) => entry({ name, type: '2', linkname });
const padded = (name: string) => entry({ name, content: 'x' });

const HOSTILE: Record<string, [Buffer, RegExp]> = {
  'an absolute name': [tar(padded('/tmp/x')), /absolute/],
  'a Windows drive': [tar(padded('C:/x')), /absolute/],
  backslashes: [tar(padded('..\\..\\x')), /backslash/],
  'a UNC name': [tar(padded('\\\\host\\x')), /backslash/],
  'a name that leads out': [tar(padded('../../x')), /leads out/],
  'a name that leads out later': [tar(padded('a/../../x')), /leads out/],
  'a name that leads out by PAX': [tar(pax({ path: '../../x' }), padded('ok')), /leads out/],
  'a name with an empty part': [tar(padded('a//b')), /empty/],
  'a link to an absolute path': [tar(link('a', '/etc/passwd')), /absolute/],
  'a link that leads out': [tar(link('a', '../canary')), /leads out/],
  'a chain of links that leads out': [tar(link('a/b', '..'), link('c', 'a/b/../..')), /leads out/],
  'a link that leads out by another one': [
    tar(entry({ name: 'd/e', type: '5' }), link('d/e/up', '../..'), link('x', 'd/e/up/../canary')),
    /leads out/,
  ],
  'links in circles': [tar(link('a', 'b'), link('b', 'a')), /circles/],
  'a file written through a link': [tar(link('a', '.'), padded('a/x')), /lies below/],
  'a hard link out': [tar(entry({ name: 'a', type: '1', linkname: '../canary/x' })), /leads out/],
  'a hard link to an absolute path': [
    tar(entry({ name: 'a', type: '1', linkname: '/etc/passwd' })),
    /absolute/,
  ],
  'a hard link to a link': [
    tar(link('a', 'b'), entry({ name: 'c', type: '1', linkname: 'a' })),
    /no file before/,
  ],
  'a hard link to nothing': [tar(entry({ name: 'c', type: '1', linkname: 'a' })), /no file before/],
  'a character device': [tar(entry({ name: 'a', type: '3' })), /character device/],
  'a block device': [tar(entry({ name: 'a', type: '4' })), /block device/],
  'a FIFO': [tar(entry({ name: 'a', type: '6' })), /FIFO/],
  'a contiguous file': [tar(entry({ name: 'a', type: '7' })), /contiguous/],
  'a sparse file': [tar(entry({ name: 'a', type: 'S' })), /sparse/],
  'a sparse file by PAX': [tar(pax({ 'GNU.sparse.major': '1' }), padded('a')), /sparse/],
  'an unknown kind': [tar(entry({ name: 'a', type: 'Z' })), /unknown kind/],
  'a file, then a folder of its name': [tar(padded('a'), entry({ name: 'a', type: '5' })), /twice/],
  'a folder, then a file of its name': [tar(entry({ name: 'a', type: '5' }), padded('a')), /twice/],
  'a file, then one below it': [tar(padded('a'), padded('a/b')), /lies below/],
  'a link, then a folder of its name': [tar(link('a', 'b'), entry({ name: 'a', type: '5' })), /twice/],
  'a NUL in a PAX path': [tar(pax({ path: 'a\0b' }), padded('ok')), /control character/],
  'a NUL in a PAX link target': [tar(pax({ linkpath: 'a\0b' }), link('a', 'b')), /control character/],
  'an absurd PAX size': [tar(pax({ size: '100000000000000000000' }), padded('ok')), /size|readable/],
  'a negative PAX size': [tar(pax({ size: '-5' }), padded('ok')), /Invalid header|size/],
  'a PAX comment of 2 MiB': [tar(pax({ comment: 'x'.repeat(2 * 1048576) }), padded('ok')), /extended header/],
  'a folder with content': [tar(entry({ name: 'a', type: '5', content: 'x' })), /claims to have content/],
  'a link with content': [
    tar(entry({ name: 'a', type: '2', linkname: 'b', content: 'x' })),
    /claims to have content/,
  ],
  'a line feed in a name': [tar(padded('a\nb')), /control character/],
  'an escape in a name': [tar(padded('a\u001B[2J')), /control character/],
  'a name of invalid UTF-8': [tar(entry({ name: Buffer.from([0x61, 0xff, 0xfe]) })), /UTF-8/],
  'a part of 256 bytes': [tar(pax({ path: `a/${'x'.repeat(256)}` }), padded('ok')), /more than 255 bytes/],
  'a path of over 1024 bytes': [
    tar(pax({ path: 'abc/'.repeat(260) + 'x' }), padded('ok')),
    /longer than 1024/,
  ],
  '65 folders': [tar(pax({ path: 'a/'.repeat(65) + 'x' }), padded('ok')), /folders deep/],
  'no end mark': [Buffer.concat([hello]), /cut short/],
  'one block of end mark': [Buffer.concat([hello, END.subarray(0, 512)]), /cut short/],
  'something after the end mark': [Buffer.concat([tar(hello), tar(hello)]), /goes on after/],
  'nothing at all': [Buffer.alloc(0), /cut short/],
  'a wrong checksum': [tar(entry({ name: 'a', checksum: 1 })), /Invalid tar header/],
  'no tar, but text': [Buffer.from('hello'.repeat(1000)), /tar|size|kind/],
  zstd: [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0]), /zstd or xz/],
  xz: [Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 0]), /zstd or xz/],
  'gzip inside of gzip': [gzipSync(gzipSync(tar(hello))), /tar|size|kind|cut short/],
  'a gzip bomb': [gzipSync(Buffer.alloc(64 * 1048576), { level: 9 }), /times its size|larger than/],
  'a truncated gzip': [gzipSync(tar(entry({ name: 'a', content: 'xyz'.repeat(9999) }))).subarray(0, 60), /./],
  'more than the limit of bytes': [
    tar(entry({ name: 'a', content: 'x'.repeat(21 * 1048576) })),
    /larger than 20 MB/,
  ],
  'more than the limit of files': [
    tar(...Array.from({ length: 1001 }, (_, index) => entry({ name: `f${index}` }))),
    /more than 1000 files/,
  ],
};

describe('an archive is refused, and nothing is left of it, when it holds', () => {
  test.each(Object.entries(HOSTILE))('%s', async (_what, [archive, reason]) => {
    expect(await unpack(archive)).toMatch(reason);
  });
});

test('an archive cut off at any block is refused', async () => {
  const archive = tar(pax({ path: 'p/q' }), entry({ name: 'x', content: 'x'.repeat(1500) }), link('l', 'x'));
  for (let blocks = 0; blocks * 512 < archive.length; blocks++) {
    expect(await unpack(archive.subarray(0, blocks * 512))).toMatch(/cut short|Unexpected end/);
  }
});

test('a random sequence of entries never reaches outside, and is unpacked whole or refused', async () => {
  const name = fc.constantFrom('a', 'b', 'a/b', 'a/b/c', '../x', '/x', './a', 'a/..', '.', '');
  const anEntry = fc.record({
    name,
    type: fc.constantFrom('0', '1', '2', '5', '6', 'L'),
    linkname: fc.constantFrom('a', '..', '../canary', 'a/b', '.', '/tmp', 'b/../..', ''),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(anEntry, { maxLength: 8 }), async (entries) => {
      const result = await unpack(
        tar(
          ...entries.map((one) => entry({ ...one, linkname: '12'.includes(one.type) ? one.linkname : '' })),
        ),
      );
      if (typeof result === 'string') return;
      for (const path of readdirSync(result.folder, { recursive: true, encoding: 'utf8' })) {
        expect(lstatSync(join(result.folder, path)).isFIFO()).toBe(false);
      }
    }),
    { numRuns: 300 },
  );
}, 60_000);

describe('the unpacking program', () => {
  const run = async (archive: Buffer) => {
    const around = tempFolder();
    writeFileSync(join(around, 's.tar'), archive);
    const folder = join(around, 'tree');
    const result = await new Unpacker(program, LIMITS)
      .unpack(join(around, 's.tar'), folder, never)
      .catch((error: unknown) => error);
    return { folder, result };
  };

  test('answers the number of files', async () => {
    const { folder, result } = await run(tar(hello));
    expect(result).toBe(1);
    expect(readFileSync(join(folder, 'hello.txt'), 'utf8')).toBe('hello');
  });

  test.each([
    'a NUL in a PAX path',
    'a link that leads out',
    'a wrong checksum',
    'a gzip bomb',
    'a truncated gzip',
  ])('refuses %s, and leaves nothing', async (what) => {
    const { folder, result } = await run(HOSTILE[what]?.[0] ?? Buffer.alloc(0));
    expect(result).toMatchObject({ name: 'SourceRefused' });
    expect(String(result)).toContain('The source was refused');
    expect(existsSync(folder)).toBe(false);
  });
});

test('unpacking is ended when the build is cancelled', async () => {
  const around = tempFolder();
  writeFileSync(join(around, 's.tar'), tar(hello));
  const controller = new AbortController();
  const unpacking = new Unpacker(program, LIMITS).unpack(
    join(around, 's.tar'),
    join(around, 'tree'),
    controller.signal,
  );
  controller.abort(new Error('cancelled'));
  await expect(unpacking).rejects.toThrow('cancelled');
  expect(existsSync(join(around, 'tree'))).toBe(false);
});

test('a program that crashes, prints nonsense or never ends counts as a refusal', async () => {
  const around = tempFolder();
  writeFileSync(join(around, 's.tar'), '');
  const programs = [
    'process.abort()',
    'console.log("{")',
    'console.log(JSON.stringify({ok:true,files:1})); process.exit(1)',
    '',
  ];
  for (const [index, code] of programs.entries()) {
    const path = join(around, `${index}.cjs`);
    writeFileSync(path, code);
    const unpacking = new Unpacker(path, LIMITS).unpack(join(around, 's.tar'), join(around, 'tree'), never);
    await expect(unpacking).rejects.toMatchObject({ name: 'SourceRefused' });
    expect(existsSync(join(around, 'tree'))).toBe(false);
  }
});

test('unpacking ends with the tfkd that waits for it, so that nothing is added after the next one has cleared up', async () => {
  const around = tempFolder();
  // A FIFO that nobody writes to: the archive never comes to its end.
  spawnSync('mkfifo', [join(around, 's.tar')]);
  const writer = await open(join(around, 's.tar'), 'r+');
  mkdirSync(join(around, 'tree'));
  const child = spawn(
    process.execPath,
    [program, join(around, 's.tar'), join(around, 'tree'), JSON.stringify(LIMITS)],
    {
      stdio: ['pipe', 'ignore', 'ignore'],
    },
  );
  const ended = once(child, 'exit');
  child.stdin.end();
  expect(await ended).toEqual([1, null]);
  await writer.close();
});
