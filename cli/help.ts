import { aliasesOf, allDefinitions } from './catalogue.js';
import type { Definition } from './command.js';

const USUAL: readonly string[] = [
  'push',
  'ps',
  'ps:scale',
  'logs',
  'run',
  'config:set',
  'releases:rollback',
  'addons:create',
];

/** What `tfk` and `tfk help` print. */
export async function overview(): Promise<string> {
  const topics = (await allDefinitions()).map((topic) => topic.filter((command) => command.hidden !== true));
  const usual = topics.flat().filter((command) => USUAL.includes(command.name));
  const width = Math.max(...topics.flat().map((command) => shortest(command).length)) + 2;
  const entry = (command: Definition): string => `  ${shortest(command).padEnd(width)}${command.summary}`;
  return [
    'tfk: your own Heroku on one machine',
    '',
    'Usage: tfk COMMAND [arguments] [options]      tfk help COMMAND tells more',
    '',
    'The usual ones',
    ...usual.map(entry),
    '',
    'All commands (a blank may stand for the colon)',
    ...topics
      .filter((topic) => topic.length > 0)
      .flatMap((topic) => topic.map((command) => `  ${command.name.padEnd(width)}${command.summary}`)),
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

function shortest(command: Definition): string {
  const names = [command.name, ...aliasesOf(command.name)].filter((name) => !name.endsWith(':list'));
  return names.reduce((best, name) => (name.length < best.length ? name : best));
}
