import { keepsDevelopment } from './commands.js';
import type { NodeApp } from './node-app.js';

/** Programs that are called otherwise than their packages. */
const PACKAGES: Readonly<Record<string, string>> = {
  tsc: 'typescript',
  nest: '@nestjs/cli',
  ng: '@angular/cli',
  'babel-node': '@babel/node',
};

/** What the script `start` wants of development dependencies, which are not in dynos. */
export function startWarnings({ packageJson, manager }: NodeApp): string[] {
  if (keepsDevelopment(manager)) return [];
  const { scripts, dependencies, devDependencies } = packageJson;
  const commands = (scripts.get('start') ?? '').split(/&&|\|\||[;|&]/).map(commandOf);
  const missing = commands
    .map(([program = '']) => (Object.hasOwn(PACKAGES, program) ? (PACKAGES[program] ?? '') : program))
    .filter((name) => devDependencies.has(name) && !dependencies.has(name));
  const builds = scripts.has('build') && commands.some((words) => BUILD.test(words.join(' ')));
  return [
    ...[...new Set(missing)].map(
      (name) =>
        `npm start needs ${name}, which is a development dependency, and so not in dynos: move it to dependencies.`,
    ),
    ...(builds && devDependencies.size > 0 ? [BUILDS_AGAIN] : []),
  ];
}

const BUILD = /^(?:(?:npm|pnpm|bun) run|yarn(?: run)?|pnpm) build$/;

const BUILDS_AGAIN =
  'npm start runs the build script again, without the development dependencies, which dynos have not: a Procfile such as `web: node server.js` starts what is built.';

/** Its words, without what is said of its environment. */
function commandOf(line: string): string[] {
  const words = line.trim().split(/\s+/);
  const program = words.findIndex((word) => !/^(?:\w+=.*|npx|cross-env|env)$/.test(word));
  return program < 0 ? [] : words.slice(program);
}
