import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import tarFs from 'tar-fs';
import tarStream from 'tar-stream';

const ENTRYPOINT = 'usr/local/bin/docker-entrypoint.sh';

/** A tar stream with one program, at the place where all official images have it. */
export const entrypoint = (path) => archive([[path, ENTRYPOINT]]);

/** Node.js, npm and corepack of this machine, where the official image has them. */
export function nodeOfThisMachine(major, entrypointPath) {
  if (Number(process.versions.node.split('.')[0]) !== major)
    throw new Error(`a stand-in for node:${major}-slim needs Node ${major}, and this is ${process.version}`);
  const modules = execFileSync('npm', ['root', '--global'], { encoding: 'utf8' }).trim();
  const tools = ['npm', 'corepack'].filter((name) => existsSync(join(modules, name)));
  const links = tools.flatMap((tool) => {
    const { bin } = JSON.parse(readFileSync(join(modules, tool, 'package.json'), 'utf8'));
    return Object.entries(bin).map(([name, target]) => [
      `usr/local/bin/${name}`,
      join('../lib/node_modules', tool, target),
    ]);
  });
  return archive(
    [
      [process.execPath, 'usr/local/bin/node'],
      [entrypointPath, ENTRYPOINT],
      ...tools.map((tool) => [join(modules, tool), `usr/local/lib/node_modules/${tool}`]),
    ],
    [['usr/local/bin/nodejs', 'node'], ...links],
  );
}

const PHASES = ['analyzer', 'builder', 'creator', 'detector', 'exporter', 'extender', 'rebaser', 'restorer'];

/** The lifecycle of Cloud Native Buildpacks, as its official image has it, compiled by this machine's Go. */
export function lifecycle(version) {
  const folder = mkdtempSync(join(tmpdir(), 'tfk-lifecycle-'));
  const programs = ['lifecycle', 'launcher'];
  const run = (args, cwd) =>
    execFileSync('go', args, {
      cwd,
      env: { ...process.env, CGO_ENABLED: '0' },
      stdio: ['ignore', 'pipe', 2],
      encoding: 'utf8',
    });
  try {
    const { Dir } = JSON.parse(
      run(['mod', 'download', '-json', `github.com/buildpacks/lifecycle@v${version}`], folder),
    );
    const packages = programs.map((name) => `./cmd/${name}`);
    run(['build', '-mod=readonly', '-trimpath', '-ldflags=-s -w', '-o', `${folder}/`, ...packages], Dir);
  } catch (error) {
    rmSync(folder, { recursive: true });
    throw error;
  }
  return archive(
    programs.map((name) => [join(folder, name), `cnb/lifecycle/${name}`]),
    PHASES.map((phase) => [`cnb/lifecycle/${phase}`, 'lifecycle']),
  ).once('end', () => rmSync(folder, { recursive: true }));
}

/** Files and folders under new names, owned by root; and symbolic links. */
function archive(parts, links = []) {
  const pack = tarStream.pack();
  const left = [...parts];
  const next = () => {
    const [from, to] = left.shift() ?? [];
    if (from === undefined) {
      for (const [name, linkname] of links) pack.entry({ name, type: 'symlink', linkname });
      return pack.finalize();
    }
    const path = realpathSync(from);
    const renamed = (name) => `${to}${name.slice(basename(path).length)}`;
    tarFs.pack(dirname(path), {
      pack,
      entries: [basename(path)],
      map: (header) => ({ ...header, name: renamed(header.name), uid: 0, gid: 0 }),
      finalize: false,
      finish: next,
    });
  };
  next();
  return pack;
}
