import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../config.js';
import { parseEnvFile, printEnvFile } from '../env-file.js';
import { messageOf, UserError } from '../errors.js';

type Vars = Readonly<Record<string, string>>;

/** The vars as the user's editor leaves them; with `key`, its plain value is edited alone. The file is the user's only, and removed. */
export async function edited(config: Config, vars: Vars, key: string | undefined): Promise<Vars> {
  if (key === undefined) return parseEnvFile(await throughEditor(config, printEnvFile(vars)));
  const value = await throughEditor(config, `${vars[key] ?? ''}\n`);
  return { ...vars, [key]: value.replace(/\n$/, '') };
}

async function throughEditor(config: Config, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tfk-config-'));
  const file = join(folder, 'config.env');
  try {
    await writeFile(file, text, { mode: 0o600 });
    await runEditor(config, file);
    return await readFile(file, 'utf8');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** $EDITOR may hold arguments (`code --wait`), so it is the shell's to read; the file is handed over as an argument. */
function runEditor(config: Config, file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', `${config.editor} "$1"`, 'sh', file], {
      stdio: 'inherit',
      env: config.env,
    });
    child.once('error', (error) => reject(new UserError(`The editor does not start: ${messageOf(error)}`)));
    child.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new UserError(`${config.editor} ended with code ${code ?? 'none'}: nothing was changed.`));
    });
  });
}
