import type { IncomingHttpHeaders } from 'node:http';

/** Our own CLI says that it is by its variant of Heroku's version 3; whoever else asks was written for Heroku. */
export const isOwnClient = ({ accept }: IncomingHttpHeaders): boolean =>
  /version=3\.tfk\b/.test(accept ?? '');

/**
 * Commands that Heroku's CLI has under the same name, with the same arguments, and which work against tfk; and their options
 * that mean the same in both. A test holds them against docs/heroku-compatibility.md.
 */
export const SHARED_COMMANDS: Readonly<Record<string, readonly string[]>> = {
  access: ['-a'],
  'access:add': ['-a'],
  addons: ['-a'],
  'addons:create': ['-a'],
  'addons:destroy': ['-a'],
  'addons:detach': ['-a'],
  'addons:info': ['-a'],
  'addons:plans': [],
  'addons:services': [],
  apps: [],
  'apps:destroy': ['-a'],
  'apps:info': ['-a'],
  'apps:rename': ['-a'],
  authorizations: [],
  certs: ['-a'],
  'certs:add': ['-a'],
  'certs:auto:disable': ['-a'],
  'config:set': ['-a'],
  domains: ['-a'],
  'domains:remove': ['-a'],
  drains: ['-a'],
  'drains:add': ['-a'],
  'drains:remove': ['-a'],
  features: ['-a'],
  keys: [],
  'keys:add': [],
  'keys:remove': [],
  logs: ['-a', '--tail'],
  pipelines: [],
  'pipelines:add': ['-a', '-s'],
  'pipelines:info': [],
  'pipelines:remove': ['-a'],
  ps: ['-a'],
  'ps:scale': ['-a'],
  releases: ['-a'],
  'releases:output': ['-a'],
  webhooks: ['-a'],
  'webhooks:add': ['-a', '-i', '-l', '-u'],
  'webhooks:deliveries': ['-a'],
  'webhooks:deliveries:info': ['-a'],
  'webhooks:events': ['-a'],
  'webhooks:remove': ['-a'],
};

/** `List them: tfk ps -a shop` → `List them: heroku ps -a shop`, where that is certain to do the same; else as it is. */
export function inHerokusWords(hint: string): string {
  return hint.replace(COMMAND, (typed: string, name: string, rest: string) =>
    isShared(name, rest) ? `heroku ${name}${rest}` : typed,
  );
}

/** A command, and what follows up to the end of its clause or to the next command. */
const COMMAND = /\btfk ([a-z]+(?::[a-z]+)*)((?:(?!\.(?:\s|$)|\btfk )[^,;`()])*)/g;

function isShared(name: string, rest: string): boolean {
  const options = Object.hasOwn(SHARED_COMMANDS, name) ? SHARED_COMMANDS[name] : undefined;
  const typed = [...rest.matchAll(/(?<=\s)--?[a-z][a-z-]*/g)].map(([option]) => option);
  return options !== undefined && typed.every((option) => options.includes(option));
}
