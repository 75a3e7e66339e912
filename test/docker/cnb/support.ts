import type Docker from 'dockerode';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { pack } from 'tar-stream';

/** A builder on the engine, and the image its apps run on. */
export interface TestBuilder {
  readonly builder: string;
  readonly run: string;
  remove(): Promise<void>;
}

/** Other numbers than tfk's own images have. */
const USER = { uid: 1234, gid: 1300 };
const RUN_USER = '1235:1300';

/** Where a lifecycle is: scripts of ours, or the official image of one. */
export type Lifecycle = { readonly image: string } | 'scripted';

const DEPS = {
  'buildpack.toml': 'api = "0.8"\n[buildpack]\nid = "test/deps"\nversion = "1.0.0"\n[[stacks]]\nid = "*"\n',
  'bin/detect': `#!/bin/bash
[ -f deps.lock ] || { echo "test/deps needs a file deps.lock"; exit 100; }`,
  // Two layers that an unchanged deps.lock leaves as they are: one is cached, the other is asked for unseen.
  'bin/build': `#!/bin/bash
set -e
layers=$1
sum=$(sha256sum deps.lock | cut -d' ' -f1)
echo "-----> Deps as $(id -u), secret of \${#SECRET} characters, colour $COLOUR"
[ ! -f slow-build ] || sleep 100
[ ! -f fail-build ] || { echo "deps cannot be built"; exit 7; }
if grep -qs "$sum" "$layers/deps.toml" && [ -f "$layers/deps/made" ]; then
  echo "deps are reused, keeping $(cat "$layers/store.toml")"
else
  mkdir -p "$layers/deps"/{bin,env.launch,exec.d}
  cat /proc/sys/kernel/random/uuid >"$layers/deps/made"
  printf '#!/bin/sh\\necho from the layer\\n' >"$layers/deps/bin/tool"
  printf red >"$layers/deps/env.launch/COLOUR.default"
  printf '#!/bin/sh\\necho "FROM_EXEC_D = \\\\"yes\\\\"" >&3\\n' >"$layers/deps/exec.d/told"
  chmod +x "$layers/deps/bin/tool" "$layers/deps/exec.d/told"
fi
printf '[types]\\nlaunch = true\\ncache = true\\n[metadata]\\nsum = "%s"\\nnumber = 1\\n' "$sum" >"$layers/deps.toml"
printf '[metadata]\\nkept = "yes"\\n' >"$layers/store.toml"
if ! grep -qs "$sum" "$layers/unseen.toml"; then
  mkdir "$layers/unseen" && cat /proc/sys/kernel/random/uuid >"$layers/unseen/made"
fi
printf '[types]\\nlaunch = true\\n[metadata]\\nsum = "%s"\\n' "$sum" >"$layers/unseen.toml"
mkdir "$layers/only-build" && printf '[types]\\nbuild = true\\n' >"$layers/only-build.toml"`,
};

const WEB = {
  'buildpack.toml': 'api = "0.8"\n[buildpack]\nid = "test/web"\nversion = "2.0.0"\n[[stacks]]\nid = "*"\n',
  'bin/detect': '#!/bin/bash\nexit 0',
  'bin/build': `#!/bin/bash
set -e
mkdir -p "$1/profiled/profile.d"
echo 'export FROM_PROFILE=yes' >"$1/profiled/profile.d/one.sh"
printf '[types]\\nlaunch = true\\n' >"$1/profiled.toml"
cat >"$1/launch.toml" <<'END'
[[processes]]
type = "web"
command = "node server.js"
direct = false
default = true

[[processes]]
type = "worker"
command = "sleep 600"
direct = false

END
echo built >built.txt`,
};

/** Makes both images, in another name each time. */
export async function aBuilder(
  docker: Docker,
  lifecycle: Lifecycle,
  platformApi = '0.12',
): Promise<TestBuilder> {
  const name = `tfk-test-builder-${randomBytes(4).toString('hex')}`;
  const builder = `${name}:builder`;
  const run = `${name}:run`;
  await commit(docker, { from: 'node:20-slim', tag: run, files: {}, config: { User: RUN_USER } });
  const metadata = {
    images: [{ image: 'example.invalid/not-here:run', mirrors: [run] }],
    buildpacks: [
      { id: 'test/deps', version: '1.0.0' },
      { id: 'test/web', version: '2.0.0' },
    ],
    lifecycle: { version: '0.21.0', apis: { platform: { deprecated: [], supported: [platformApi] } } },
  };
  const group = [{ id: 'test/deps' }, { id: 'test/web' }];
  await commit(docker, {
    from: 'debian:bookworm-slim',
    tag: builder,
    files: {
      ...below('cnb/buildpacks/test_deps/1.0.0', DEPS),
      ...below('cnb/buildpacks/test_web/2.0.0', WEB),
      ...(lifecycle === 'scripted' ? scripted() : {}),
      'cnb/order.toml':
        '[[order]]\n[[order.group]]\nid = "test/deps"\nversion = "1.0.0"\n[[order.group]]\nid = "test/web"\nversion = "2.0.0"\n',
    },
    lifecycle: lifecycle === 'scripted' ? null : lifecycle.image,
    config: {
      User: `${USER.uid}:${USER.gid}`,
      Env: [`CNB_USER_ID=${USER.uid}`, `CNB_GROUP_ID=${USER.gid}`, 'CNB_STACK_ID=test', 'HOME=/tmp'],
      Labels: {
        'io.buildpacks.builder.metadata': JSON.stringify(metadata),
        'io.buildpacks.buildpack.order': JSON.stringify([{ group }]),
      },
    },
  });
  return {
    builder,
    run,
    remove: async () => {
      for (const tag of [builder, run]) await docker.getImage(tag).remove({ force: true });
    },
  };
}

const scripted = (): Record<string, string> =>
  Object.fromEntries(
    ['detector', 'builder', 'launcher'].map((phase) => [
      `cnb/lifecycle/${phase}`,
      readFileSync(new URL(`lifecycle/${phase}`, import.meta.url), 'utf8'),
    ]),
  );

const below = (folder: string, files: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [`${folder}/${path}`, text]));

/** An image with files besides those of another; programs of `bin` and the lifecycle can be run. */
export async function commit(
  docker: Docker,
  image: {
    readonly from: string;
    readonly tag: string;
    readonly files: Readonly<Record<string, string>>;
    readonly lifecycle?: string | null;
    readonly config: Docker.ContainerCreateOptions;
  },
): Promise<void> {
  const { from, tag, files, lifecycle = null, config } = image;
  const container = await docker.createContainer({ ...config, Image: from, Cmd: ['/bin/sh'] });
  try {
    const archive = pack();
    for (const [name, text] of Object.entries(files)) {
      const mode = /\/(bin|lifecycle)\//.test(name) ? 0o755 : 0o644;
      archive.entry({ name, mode }, text);
    }
    archive.finalize();
    await container.putArchive(archive as unknown as NodeJS.ReadableStream, { path: '/' });
    if (lifecycle !== null) await copyLifecycle(docker, lifecycle, container);
    const [repo, version] = tag.split(':');
    await container.commit({ repo, tag: version });
  } finally {
    await container.remove({ force: true });
  }
}

async function copyLifecycle(docker: Docker, image: string, to: Docker.Container): Promise<void> {
  const from = await docker.createContainer({ Image: image, Cmd: ['none'] });
  try {
    await to.putArchive(await from.getArchive({ path: '/cnb/lifecycle' }), { path: '/cnb' });
  } finally {
    await from.remove({ force: true });
  }
}
