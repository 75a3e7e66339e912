import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * The absolute path of a compiled program, e.g. `daemon/router/main.js`: child processes run JavaScript, so tests that start
 * one need the build. `npm test` builds first; a single test run by hand builds here.
 */
export function builtProgram(path: string): string {
  const program = `${root}dist/${path}`;
  if (process.env['TFK_TEST_BUILT'] !== '1') {
    spawnSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', 'tsconfig.build.json'], {
      cwd: root,
      stdio: 'ignore',
    });
  }
  if (!existsSync(program)) throw new Error(`${program} is not built: npm run build says why`);
  return program;
}
