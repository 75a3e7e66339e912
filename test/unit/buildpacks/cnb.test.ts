import { describe, expect, test } from 'vitest';
import { PLATFORM_APIS, readBuilder } from '../../../buildpacks/cnb/builder-image.js';
import { readGroup } from '../../../buildpacks/cnb/group.js';
import { isProcessCommand, readLaunch } from '../../../buildpacks/cnb/launch.js';
import { layerOf, readLayer, restoredToml, restoringOf } from '../../../buildpacks/cnb/layers.js';
import { orderToml } from '../../../buildpacks/cnb/order.js';
import { readProject } from '../../../buildpacks/cnb/project.js';
import { PlanError, type PlanContext } from '../../../buildpacks/planner.js';
import { choosePlanner } from '../../../buildpacks/registry.js';
import { aTree } from './tree.js';

const project = (toml: string) => readProject(aTree({ 'project.toml': toml }));
const V2 = '[_]\nschema-version = "0.2"\n';

describe('project.toml', () => {
  test('of schema 0.2 says how a builder builds', () => {
    const toml = `${V2}id = "x"\n[_.metadata]\na = 1
      [io.buildpacks]\nbuilder = "some/builder"\ninclude = ["cmd/", "*.go"]
      [[io.buildpacks.group]]\nid = "a/b"\nversion = "1.2"
      [[io.buildpacks.group]]\nuri = "urn:cnb:builder:c/d@3"
      [[io.buildpacks.build.env]]\nname = "A"\nvalue = "1"
      [com.example]\nx = 1`;
    expect(project(toml)).toEqual({
      builder: 'some/builder',
      group: [
        { id: 'a/b', version: '1.2' },
        { id: 'c/d', version: '3' },
      ],
      files: { kind: 'only', patterns: ['cmd/', '*.go'] },
      env: { A: '1' },
      asks: ['group', 'env', 'include'],
      warnings: [],
    });
  });

  test('without a version is of schema 0.1', () => {
    const toml = `[project]\nid = "x"\n[build]\nexclude = ["spec/"]\n[[build.buildpacks]]\nid = "a"\n[[build.env]]\nname = "A"\nvalue = ""`;
    expect(project(toml)).toMatchObject({
      builder: null,
      group: [{ id: 'a', version: null }],
      files: { kind: 'without', patterns: ['spec/'] },
      env: { A: '' },
    });
    expect(project('[io.buildpacks]\nbuilder = "x"')).toMatchObject({
      builder: null,
      warnings: [expect.stringContaining('schema-version = "0.2"')],
    });
  });

  test('is warned of by the name of each key that is not acted on', () => {
    const toml = `${V2}[io.buildpacks]\nbuildr = "x"\n[[io.buildpacks.pre.group]]\nid = "a"`;
    expect(project(`${V2}[io.buildpacks]\n"\\u001b[2J" = 1`)?.warnings.join()).toContain('/?[2J: unknown');
    expect(project(toml)?.warnings).toEqual([
      'project.toml: io.buildpacks/buildr: unknown field, did you mean builder?',
      expect.stringContaining('io.buildpacks/pre is not used'),
    ]);
  });

  test.each([
    ['both lists', `${V2}[io.buildpacks]\ninclude = ["a"]\nexclude = ["b"]`, /only one of them/],
    ['a version that is a number', '[_]\nschema-version = 0.2', /schema-version: should be the text "0.2"/],
    ['a schema of later', '[_]\nschema-version = "0.9"', /_\/schema-version: is "0.9"/],
    [
      'a fetched buildpack',
      `${V2}[[io.buildpacks.group]]\nuri = "https://x/y.tgz"`,
      /group\/0\/uri: tfk fetches no/,
    ],
    [
      'a script',
      `${V2}[[io.buildpacks.group]]\nid = "a"\n[io.buildpacks.group.script]\napi = "0.5"`,
      /no inline/,
    ],
    [
      'a path for a name',
      `${V2}[[io.buildpacks.build.env]]\nname = "../x"\nvalue = ""`,
      /no name for an env/,
    ],
    ['an empty entry', `${V2}[[io.buildpacks.group]]\nversion = "1"`, /needs the id/],
    ['something else', `${V2}[io.buildpacks]\nbuilder = 1`, /builder: should be a string/],
    [
      'more patterns than the daemon has time for',
      `${V2}[io.buildpacks]\nexclude = [${'"x",'.repeat(101)}]`,
      /io\.buildpacks\/exclude: should have at most 100 entries/,
    ],
    [
      'a pattern of that kind',
      `[build]\ninclude = ["${'x'.repeat(1001)}"]`,
      /build\/include\/0: has more than 1000 characters/,
    ],
    ['no TOML', 'builder = ', /not valid TOML/],
    ['an image that steers terminals', `${V2}[io.buildpacks]\nbuilder = "\\u001b[2J"`, /builder: is no name/],
    [
      'a version of that kind',
      `${V2}[[io.buildpacks.group]]\nid = "a"\nversion = "\\u001b"`,
      /version: is none/,
    ],
  ])('with %s is refused', (_, toml, message) => {
    expect(() => project(toml)).toThrow(PlanError);
    expect(() => project(toml)).toThrow(message);
  });
});

describe('the builder of an app', () => {
  const docker: PlanContext = { config: {}, images: true };
  const named = { ...docker, config: { TFK_BUILDER: 'my/builder' } };
  const node = { 'package.json': { scripts: { start: 'node .' } }, 'package-lock.json': '' };
  const withProject = aTree({ ...node, 'project.toml': `${V2}[io.buildpacks]\nbuilder = "its/builder"` });
  const plan = (source: ReturnType<typeof aTree>, context: PlanContext) =>
    choosePlanner(source, context).plan(source, context);

  test('is TFK_BUILDER before that of project.toml, and both before a Dockerfile', () => {
    expect(plan(withProject, named).builder).toMatchObject({ image: 'my/builder', by: 'TFK_BUILDER' });
    expect(plan(withProject, docker).builder).toMatchObject({ image: 'its/builder', by: 'project.toml' });
    const planned = plan(aTree({ ...node, Dockerfile: 'FROM x' }), named);
    expect(planned).toMatchObject({ planner: 'builder', images: [], steps: [] });
    expect(planned.warnings.join()).toMatch(/Dockerfile is not used: TFK_BUILDER names a builder/);
  });

  test.each([
    ['set buildpacks', { planners: ['node'] }, /buildpacks are set/, /tfk buildpacks:clear/],
    [
      'the stack of Dockerfiles',
      { stack: 'container' as const },
      /stack of the app is container/,
      /stack:set/,
    ],
    ['the engine of processes', { images: false }, /needs the Docker engine/, /tfk apps:engine docker/],
  ])('contradicts %s where it is set, and else is not used, with a warning', (_, more, why, hint) => {
    const refused = () => plan(withProject, { ...named, ...more });
    expect(refused).toThrow(why);
    expect(refused).toThrow(expect.objectContaining({ hint: expect.stringMatching(hint) as string }));
    const stacked = aTree({ Dockerfile: 'FROM x', 'project.toml': withProject.read('project.toml') });
    const planned = plan('stack' in more ? stacked : withProject, { ...docker, ...more });
    expect(planned.builder).toBeUndefined();
    expect(planned.warnings.join()).toMatch(/builder that project.toml names is not used/);
  });

  test('is none where nobody names one: what project.toml asks of it is then told', () => {
    const source = aTree({
      ...node,
      'project.toml': `${V2}[[io.buildpacks.build.env]]\nname = "A"\nvalue = ""`,
    });
    const planned = plan(source, docker);
    expect(planned.planner).toBe('node');
    expect(planned.warnings.join()).toMatch(/project.toml: env is for a builder, and none is named/);
    expect(plan(aTree({ ...node, 'project.toml': '[broken' }), { ...docker, images: false }).planner).toBe(
      'node',
    );
  });

  test.each([
    ['no TOML', '[broken', /project.toml is not valid TOML: .* No builder is taken from it/],
    ['a list of numbers', `${V2}[io.buildpacks]\ninclude = [1]`, /cannot be used: .*include/],
    ['another schema', '[_]\nschema-version = 0.2', /should be the text "0.2"/],
  ])('is none in a project.toml that names none: with %s it is told, and breaks nothing', (_, toml, told) => {
    const planned = plan(aTree({ ...node, 'project.toml': toml }), docker);
    expect(planned.planner).toBe('node');
    expect(planned.warnings.join()).toMatch(told);
    const naming = aTree({ ...node, 'project.toml': `${toml}\n[build]\nbuilder = "its/builder"` });
    if (!toml.includes('broken')) expect(() => plan(naming, docker)).toThrow(PlanError);
    expect(() => plan(aTree({ ...node, 'project.toml': toml }), named)).toThrow(PlanError);
  });
});

describe('the image of a builder', () => {
  const metadata = {
    lifecycle: { version: '0.17.7', apis: { platform: { deprecated: ['0.3'], supported: ['0.9', '0.12'] } } },
    stack: { runImage: { image: 'old/run' } },
    images: [{ image: 'new/run', mirrors: ['mirror/run'] }],
    buildpacks: [{ id: 'a/b', version: '1' }, { id: 'a/b', version: '2' }, { id: 'broken' }],
  };
  const image = (data: unknown, env = ['CNB_USER_ID=1001', 'CNB_GROUP_ID=1000']) => ({
    labels: { 'io.buildpacks.builder.metadata': typeof data === 'string' ? data : JSON.stringify(data) },
    env,
  });

  test('says as whom and by which API it builds, and what its apps run on', () => {
    expect(readBuilder(image(metadata))).toEqual({
      ok: true,
      builder: {
        user: { uid: 1001, gid: 1000 },
        lifecycle: '0.17.7',
        platformApi: '0.12',
        runImages: ['new/run', 'mirror/run'],
        buildpacks: [
          { id: 'a/b', version: '1' },
          { id: 'a/b', version: '2' },
        ],
        order: [],
      },
    });
  });

  test('of an older kind names one API and the stack’s run image', () => {
    const old = { lifecycle: { api: { platform: '0.7' } }, stack: metadata.stack };
    expect(readBuilder(image(old))).toMatchObject({
      ok: true,
      builder: { platformApi: '0.7', runImages: ['old/run'], lifecycle: null },
    });
  });

  test.each([
    ['no label', { labels: {}, env: [] }, /has no label io.buildpacks.builder.metadata/],
    ['a broken one', image('{'), /no CNB|Platform API/],
    ['no user', image(metadata, []), /no CNB_USER_ID/],
    [
      'control characters',
      image({ ...metadata, stack: {}, images: [{ image: '\u001b[2J' }] }),
      /on which image/,
    ],
    ['root', image(metadata, ['CNB_USER_ID=0', 'CNB_GROUP_ID=0']), /would build as root/],
    ['other APIs', image({ ...metadata, lifecycle: { api: { platform: '0.3' } } }), /its lifecycle has 0\.3/],
    ['no run image', image({ lifecycle: metadata.lifecycle }), /on which image its apps are to run/],
  ])('with %s is none that tfk can use', (_, facts, why) => {
    const read = readBuilder(facts);
    expect(read.ok).toBe(false);
    expect(read.ok ? '' : read.why).toMatch(why);
  });

  test('has the buildpacks that project.toml picks, the newest where it names no version', () => {
    const read = readBuilder(image(metadata));
    if (!read.ok) throw new Error(read.why);
    const order = orderToml([{ id: 'a/b', version: null }], read.builder);
    expect(order).toMatchObject({
      ok: true,
      toml: expect.stringMatching(/id = "a\/b"\s+version = "2"/) as string,
    });
    const missing = orderToml([{ id: 'a/b', version: '3' }], read.builder);
    expect(missing).toMatchObject({ ok: false, message: expect.stringContaining('a/b@3') as string });
  });

  test('is spoken to by the newest API first', () => {
    const numbers = PLATFORM_APIS.map((api) => Number(api.split('.')[1]));
    expect(numbers).toEqual([...numbers].sort((one, other) => other - one));
  });
});

describe('what a builder leaves', () => {
  test('are process types, of which the default one is web where none is called so', () => {
    const read = readLaunch(`buildpack-default-process-type = "hello"
      [[processes]]\ntype = "hello"\ncommand = ["x"]
      [[processes]]\ntype = "for.tests"\nexec-env = ["test"]
      [[processes]]\ntype = "a.b"
      [[processes]]\ntype = "../evil"
      [[processes]]\ntype = "worker"\nexec-env = ["*"]`);
    expect(read).toEqual({
      ok: true,
      launch: {
        types: ['hello', 'a.b', 'worker'],
        main: 'hello',
        processTypes: {
          web: '/cnb/process/hello',
          hello: '/cnb/process/hello',
          worker: '/cnb/process/worker',
        },
        unfit: ['a.b'],
      },
    });
    expect(readLaunch('[[processes]]\ntype = "web"')).toMatchObject({
      launch: { main: null, processTypes: { web: '/cnb/process/web' } },
    });
    expect(readLaunch('= broken')).toMatchObject({ ok: false });
    const many = Array.from({ length: 257 }, (_, index) => `[[processes]]\ntype = "p${index}"\n`).join('');
    expect(readLaunch(many)).toEqual({ ok: false, why: 'has more than 256 process types' });
  });

  test('is a command of a process type only by itself', () => {
    expect(isProcessCommand('/cnb/process/web')).toBe(true);
    for (const command of ['/cnb/process/', '/cnb/process/..', '/cnb/process/a b', '/cnb/process/a/b', 'web'])
      expect(isProcessCommand(command)).toBe(false);
  });

  test('is the group that was detected', () => {
    const toml =
      '[[group]]\nid = "a/b"\nversion = "1"\napi = "0.8"\n[[group-extensions]]\nid = "e"\nversion = "1"';
    expect(readGroup(toml)).toEqual({ buildpacks: [{ id: 'a/b', version: '1' }], extensions: ['e'] });
    expect(readGroup('= broken')).toBeNull();
    for (const id of ['.', '..'])
      expect(readGroup(`[[group]]\nid = "${id}"\nversion = "1"`)).toMatchObject({ buildpacks: [] });
    expect(readGroup('[[group]]\nid = "\\u001b[2J"\nversion = "1"')).toMatchObject({ buildpacks: [] });
  });

  test.each([
    ['a_b/deps.toml', { buildpack: 'a_b', layer: 'deps' }],
    ['a_b/store.toml', null],
    ['a_b/launch.toml', null],
    ['config/metadata.toml', null],
    ['a_b/...toml', null],
    ['a_b/../x.toml', null],
    ['../x.toml', null],
    ['./x.toml', null],
    ['a_b/..toml', null],
    ['a_b/deps.sbom.cdx.json', null],
  ])('is %s of the layer %j', (path, layer) => {
    expect(layerOf(path)).toEqual(layer);
  });

  // build, cache, launch; the table of layer types in the buildpack specification.
  test.each([
    [true, true, true, 'contents'],
    [true, true, false, 'contents'],
    [true, false, true, 'nothing'],
    [true, false, false, 'nothing'],
    [false, true, true, 'contents'],
    [false, true, false, 'contents'],
    [false, false, true, 'metadata'],
    [false, false, false, 'nothing'],
  ])('restores of build %j, cache %j, launch %j: %s', (build, cache, launch, restored) => {
    expect(restoringOf({ build, cache, launch })).toBe(restored);
  });

  test('keeps the metadata of a layer as it is, without its types', () => {
    const toml =
      '[types]\nlaunch = true\ncache = true\n[metadata]\nnumber = 9007199254740993\nreal = 1.0\nlist = [{ a = "x" }]\n';
    const layer = readLayer({ buildpack: 'a', layer: 'b' }, toml);
    expect(layer).toMatchObject({ launch: true, cache: true, build: false });
    const restored = layer === null ? '' : restoredToml(layer);
    expect(restored).toContain('number = 9007199254740993');
    expect(restored).toContain('real = 1.0');
    expect(restored).not.toContain('types');
    expect(readLayer({ buildpack: 'a', layer: 'b' }, '= broken')).toBeNull();
    const deep = `[metadata]\n${'a.'.repeat(100)}a = 1`;
    expect(restoredToml(readLayer({ buildpack: 'a', layer: 'b' }, deep) ?? { metadata: 1 })).toBeNull();
  });
});
