import { Refusal, quoted } from './refusal.js';

const MAX_PATH_BYTES = 1024;
const MAX_NAME_BYTES = 255;
const MAX_DEPTH = 64;

/**
 * The components of an entry's name; empty for the root itself (`./`). Refuses whatever could be read in two ways: it never
 * clamps, joins or rewrites, since the user would then get another tree than the one that was packed.
 */
export function componentsOf(name: string): readonly string[] {
  refuseCharacters(name);
  if (name.startsWith('/') || /^[A-Za-z]:\//.test(name))
    throw new Refusal(`${quoted(name)} is an absolute name`);
  const relative = name.replace(/^(\.\/)+/, '').replace(/\/$/, '');
  if (relative === '' || relative === '.') {
    if (name === '') throw new Refusal('an entry has no name');
    return [];
  }
  const components = relative.split('/');
  for (const component of components) refuseComponent(component, name);
  if (components.length > MAX_DEPTH)
    throw new Refusal(`${quoted(name)} is more than ${MAX_DEPTH} folders deep`);
  return components;
}

/** The target of a symbolic link: relative; where it leads is checked when the tree is whole. */
export function linkTarget(target: string, name: string): string {
  refuseCharacters(target);
  if (target === '') throw new Refusal(`the link ${quoted(name)} has no target`);
  if (target.startsWith('/') || /^[A-Za-z]:\//.test(target)) {
    throw new Refusal(`the link ${quoted(name)} leads to the absolute path ${quoted(target)}`);
  }
  return target;
}

function refuseCharacters(name: string): void {
  if (/[\u0000-\u001F\u007F-\u009F]/.test(name))
    throw new Refusal(`${quoted(name)} holds a control character`);
  if (name.includes('\uFFFD')) throw new Refusal(`${quoted(name)} is not valid UTF-8`);
  if (name.includes('\\')) throw new Refusal(`${quoted(name)} holds a backslash`);
  if (Buffer.byteLength(name) > MAX_PATH_BYTES) {
    throw new Refusal(`${quoted(name)} is longer than ${MAX_PATH_BYTES} bytes`);
  }
}

function refuseComponent(component: string, name: string): void {
  if (component === '..') throw new Refusal(`${quoted(name)} leads out of the source by ".."`);
  if (component === '' || component === '.') throw new Refusal(`${quoted(name)} holds an empty or "." part`);
  if (Buffer.byteLength(component) > MAX_NAME_BYTES) {
    throw new Refusal(`${quoted(name)} has a part of more than ${MAX_NAME_BYTES} bytes`);
  }
}
