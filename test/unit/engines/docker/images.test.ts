import type Docker from 'dockerode';
import { describe, expect, test } from 'vitest';
import { BaseImages } from '../../../../daemon/engines/docker/build/base-images.js';
import { DockerBuilder } from '../../../../daemon/engines/docker/build/builder.js';
import type { DockerClient } from '../../../../daemon/engines/docker/client.js';
import { guardRequests } from '../../../../daemon/engines/docker/connection/requests.js';
import { Names } from '../../../../daemon/engines/docker/names.js';
import { isImageReference } from '../../../../daemon/engines/image-reference.js';
import { systemClock } from '../../../../daemon/shared/clock.js';
import { createLogger } from '../../../../daemon/shared/logger.js';

const HEX = '0123456789abcdef'.repeat(4);
const ID = `sha256:${HEX}`;
const OTHER_WAYS = ['', './x', '../x', 'a//b', 'a b', 'x/', '/x', 'a/../b', 'x?y', 'x#y', '%2e%2e/x', 'x\n'];

describe('what is an image’s name', () => {
  test.each([
    'node',
    'node:22-slim',
    'library/node',
    'localhost:5000/a/b:v1.2_3',
    'Registry.example.com/a__b.c--d',
    '[::1]:5000/x',
    `node@${ID}`,
    `mirror/node:22@${ID}`,
    ID,
    'abc123',
  ])('%j is', (text) => {
    expect(isImageReference(text)).toBe(true);
  });

  test.each([
    ...OTHER_WAYS,
    'Node',
    'a/B',
    'a___b',
    'a..b',
    '-a',
    'a:',
    'a:-b',
    `a:${'t'.repeat(129)}`,
    'a@sha256:abc',
    `a@sha512:${HEX}`,
    HEX,
    'a'.repeat(256),
    'a-'.repeat(100_000),
  ])('%j is not', (text) => {
    expect(isImageReference(text)).toBe(false);
  });
});

interface Kept {
  readonly Id?: string;
  readonly RepoTags?: readonly string[] | null;
  readonly Config?: { readonly Labels?: Record<string, string> | null; readonly OnBuild?: string[] | null };
}

/** An engine that answers every name with one image; `asked` are those names. */
function engineWith(image: Kept) {
  const asked: string[] = [];
  const found = { Id: ID, RepoTags: null, Architecture: 'amd64', ...image };
  const docker = {
    getImage: (ref: string) => {
      asked.push(ref);
      return { inspect: async () => ({ ...found, Config: { Env: null, Cmd: ['x'], ...image.Config } }) };
    },
  } as unknown as Docker;
  const client: DockerClient = {
    api: async () => docker,
    host: async () => ({ architecture: 'x86_64' }) as Awaited<ReturnType<DockerClient['host']>>,
  };
  const options = { client, names: new Names('0123456789ab'), clock: systemClock };
  const logger = createLogger('silent', 'test');
  return {
    asked,
    imageOf: (ref: string) =>
      new DockerBuilder({ ...options, logger, home: '/nowhere', baseImages: {} }).imageOf(ref, 'app-1'),
    bases: new BaseImages({ ...options, configured: {} }),
  };
}

const labels = (home: string, app?: string): Kept => ({
  Config: { Labels: { 'tfk.home': home, ...(app === undefined ? {} : { 'tfk.app': app }) } },
});
const OTHERS: [string, Kept][] = [
  ['another app’s', labels('0123456789ab', 'app-2')],
  ['another home’s', labels('ba9876543210', 'app-1')],
  ['no app’s of this home', labels('0123456789ab')],
];

describe('an image of the engine’s', () => {
  test('is known by its name or its whole id, and says what it runs', async () => {
    const { imageOf } = engineWith({ RepoTags: ['shop:1'] });
    const found = { id: ID, architecture: 'amd64', command: 'x', hasTriggers: false };
    for (const ref of ['shop:1', ID]) expect(await imageOf(ref)).toEqual(found);
    expect(await engineWith(labels('0123456789ab', 'app-1')).imageOf(ID)).toEqual(found);
  });

  test.each(OTHER_WAYS)('is not asked for by %j', async (ref) => {
    const { imageOf, asked } = engineWith({});
    expect(await imageOf(ref)).toBeNull();
    expect(asked).toEqual([]);
  });

  test.each([HEX, HEX.slice(0, 12), '0', `sha256:${HEX.slice(0, 12)}`])('is not there by %j', async (ref) => {
    expect(await engineWith({}).imageOf(ref)).toBeNull();
    expect(await engineWith({ RepoTags: ['other:latest'] }).imageOf(ref)).toBeNull();
  });

  test('may be called like the beginning of its id', async () => {
    expect(await engineWith({ RepoTags: ['0123:latest'] }).imageOf('0123')).toMatchObject({ id: ID });
    expect(await engineWith({ RepoTags: ['sha256:01'] }).imageOf('sha256:01')).toMatchObject({ id: ID });
  });

  test.each(OTHERS)('is not there where it is %s', async (_whose, image) => {
    expect(await engineWith({ ...image, RepoTags: ['x:1'] }).imageOf('x:1')).toBeNull();
  });

  test('says whether it runs things in what is built of it', async () => {
    const { imageOf } = engineWith({ Config: { OnBuild: ['RUN true'] } });
    expect(await imageOf(ID)).toMatchObject({ hasTriggers: true });
  });
});

describe('a Dockerfile’s FROM', () => {
  const request = {
    appId: 'app-1',
    output: { step: () => undefined, detail: () => undefined, warning: () => undefined },
  };
  const { signal } = new AbortController();

  test.each(OTHER_WAYS)('%j fails the build in words, and reaches no engine', async (ref) => {
    const { bases, asked } = engineWith({});
    await expect(bases.ensureAll([ref], request, signal)).rejects.toMatchObject({
      fault: { reason: 'runtime', message: expect.stringContaining('is no name of an image.') as string },
    });
    expect(await bases.idOf(ref)).toBeNull();
    expect(asked).toEqual([]);
  });

  test('may be an image that is here', async () => {
    await expect(engineWith({}).bases.ensureAll(['x:1', ID], request, signal)).resolves.toBeUndefined();
  });

  test.each(OTHERS)('is no image that is %s', async (_whose, image) => {
    await expect(engineWith(image).bases.ensureAll(['x:1'], request, signal)).rejects.toMatchObject({
      fault: { message: expect.stringMatching(/^There is no image x:1 on the Docker engine/) as string },
    });
  });
});

describe('a request’s path', () => {
  const dialled = (path: string) => {
    const seen: string[] = [];
    const modem = { dial: (request: { path: string }) => void seen.push(request.path) };
    const limits = { helloMs: 0, answerMs: 0, changeMs: 0 };
    guardRequests({ modem } as unknown as Docker, {
      explain: (error) => error,
      made: () => undefined,
      limits,
    });
    const errors: unknown[] = [];
    (modem.dial as (request: object, callback: (error: unknown) => void) => void)(
      { path, method: 'GET' },
      (error) => errors.push(error),
    );
    return { seen, errors };
  };

  test.each([
    '//json',
    '/./x/json',
    '/../x/json',
    '/a//b/json',
    '/a b/json',
    '/x\n/json',
    '/é/json',
    '/..',
    '/',
  ])('under /images that is %j is never asked for', (rest) => {
    const { seen, errors } = dialled(`/images${rest}`);
    expect(seen).toEqual([]);
    expect(errors).toEqual([expect.objectContaining({ name: 'TfkError', id: 'invalid_params' })]);
  });

  test.each(['/_ping', '/images/a/b.c:1..2/json', '/containers/json?', '/images/create?fromImage=a//b'])(
    '%j is asked for',
    (path) => {
      expect(dialled(path)).toEqual({ seen: [path], errors: [] });
    },
  );
});
