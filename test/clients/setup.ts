import { execa } from 'execa';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { checkCommandTable } from './command-table.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The file in which the tests note which commands of Heroku's CLI did what they should. */
    commandRecord: string;
  }
}

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

/**
 * Before the tests: the real clients, by this folder's own lock file. After them, if all files were run and passed: the table
 * of commands in the documentation is held against what they saw.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await install();
  const folder = mkdtempSync(join(tmpdir(), 'tfk-clients-'));
  const record = join(folder, 'commands.txt');
  project.provide('commandRecord', record);
  return async () => {
    try {
      if (await allPassed(project))
        checkCommandTable(readFileSync(record, 'utf8').split('\n').filter(Boolean));
    } catch (error) {
      // What is thrown here vitest only prints: its own exit code would be 0.
      process.exitCode = 1;
      throw error;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
}

async function allPassed(project: TestProject): Promise<boolean> {
  const { testFiles } = await project.globTestFiles();
  const run = project.vitest.state.getTestModules().filter((module) => module.project === project);
  return testFiles.length === run.length && run.every((module) => module.ok());
}

/** About 40 s and 400 MB where it was not done before; npm's own lock file says what was. */
async function install(): Promise<void> {
  const installed = join(FOLDER, 'node_modules', '.package-lock.json');
  const lock = join(FOLDER, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs > statSync(lock).mtimeMs) return;
  process.stderr.write('Installing the real clients of Heroku (test/clients)...\n');
  await execa('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: FOLDER,
    stdin: 'ignore',
  });
}
