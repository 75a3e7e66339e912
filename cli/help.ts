import { aliasesOf, allDefinitions } from './catalogue.js';
import type { Definition } from './command.js';

/** The usual ones, as most people type them. */
const USUAL: Readonly<Record<string, string>> = {
  push: 'push',
  ps: 'ps',
  'ps:scale': 'scale',
  logs: 'logs',
  run: 'run',
  'config:set': 'config:set',
  'releases:rollback': 'rollback',
  'addons:create': 'addons:create',
};

/** What `tfk` and `tfk help` print. */
export async function overview(): Promise<string> {
  const topics = (await allDefinitions()).map((topic) => topic.filter((command) => command.hidden !== true));
  const width = Math.max(...topics.flat().map(({ name }) => name.length)) + 2;
  const entry = (name: string, { summary }: Definition): string => `  ${name.padEnd(width)}${summary}`;
  const usual = topics.flat().flatMap((command) => {
    const typed = USUAL[command.name];
    return typed === undefined ? [] : [entry(typed, command)];
  });
  return [
    'tfk: your own Heroku on one machine',
    '',
    'Usage: tfk COMMAND [arguments] [options]      tfk help COMMAND tells more',
    '',
    'The usual ones',
    ...usual,
    '',
    'All commands (a blank may stand for the colon)',
    ...topics.flat().map((command) => entry(command.name, command)),
  ].join('\n');
}

/** What `tfk help COMMAND` prints. */
export function helpOf(definition: Definition): string {
  const aliases = aliasesOf(definition.name);
  const args = Object.values(definition.args);
  const options = Object.values(definition.options);
  return [
    definition.summary,
    ...(definition.details === undefined ? [] : ['', definition.details]),
    '',
    `Usage: ${['tfk', definition.name, ...args.map(({ syntax }) => syntax)].join(' ')}${options.length > 0 ? ' [options]' : ''}`,
    ...section(
      'Arguments',
      args.map(({ syntax, description }) => [syntax, description]),
    ),
    ...section(
      'Options',
      options.map(({ flags, description }) => [flags, description]),
    ),
    ...(aliases.length > 0 ? ['', `Also: ${aliases.map((alias) => `tfk ${alias}`).join(', ')}`] : []),
    ...(definition.examples.length > 0
      ? ['', 'Examples', ...definition.examples.map((example) => `  $ ${example}`)]
      : []),
  ].join('\n');
}

function section(title: string, entries: readonly (readonly [string, string])[]): string[] {
  if (entries.length === 0) return [];
  const width = Math.max(...entries.map(([left]) => left.length)) + 2;
  return ['', title, ...entries.map(([left, right]) => `  ${left.padEnd(width)}${right}`)];
}
