// npm run build: compiles to dist/, and puts beside it what is not TypeScript.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('.', import.meta.url));
const tsc = `${root}node_modules/typescript/bin/tsc`;
const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
if (status !== 0) process.exit(status ?? 1);

const assets = ['daemon/addons/postgres/binaries', 'buildpacks/static-server/program'];
for (const path of assets)
  if (existsSync(`${root}${path}`)) cpSync(`${root}${path}`, `${root}dist/${path}`, { recursive: true });

const command = `${root}dist/bin/tfk`;
mkdirSync(`${root}dist/bin`, { recursive: true });
rmSync(command, { force: true });
symlinkSync('../cli/main.js', command);
chmodSync(`${root}dist/cli/main.js`, 0o755);
