import { spawn, spawnSync } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** A new Debian with these packages: a tar stream, and a promise that fails when it did not become whole. */
export function debian({ packages, before, after }) {
  const hooks = [
    ...(before === undefined ? [] : [`--essential-hook=${before}`]),
    ...(after === undefined ? [] : [`--customize-hook=${after}`]),
    // Four times as fast as dpkg's own path-exclude.
    '--customize-hook=cd "$1/usr/share" && rm -rf doc/* man/* info/* locale/*',
    // Put there by mmdebstrap, for its own packages' sake: this machine's.
    '--customize-hook=rm -f "$1/etc/hostname" "$1/etc/resolv.conf"',
  ];
  const child = spawn(
    'mmdebstrap',
    [
      '--quiet',
      '--variant=minbase',
      '--aptopt=Acquire::Languages "none"',
      // No fsync for each package.
      '--dpkgopt=force-unsafe-io',
      ...(packages.length === 0 ? [] : [`--include=${packages.join(',')}`]),
      ...hooks,
      'bookworm',
      '-',
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const said = text(child.stderr);
  const whole = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', async (code) =>
      code === 0 ? resolve() : reject(new Error(`mmdebstrap exited with ${code}:\n${await said}`)),
    );
  });
  return { tar: child.stdout, whole };
}

/** Installs what makes a Debian, where it is missing. */
export function installMmdebstrap() {
  if (spawnSync('mmdebstrap', ['--version']).status === 0) return;
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0)
    throw new Error('Stand-ins for base images are made by mmdebstrap: install it, or pull the images.');
  const run = (...args) => {
    const { status } = spawnSync('apt-get', args, {
      stdio: ['ignore', 2, 2],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    if (status !== 0) throw new Error(`apt-get ${args.join(' ')} exited with ${status}`);
  };
  run('update', '-qq');
  run('install', '-qqy', '--no-install-recommends', 'mmdebstrap', 'debian-archive-keyring');
}
