/**
 * Does a build on Linux see a Go file? By the ending of its name (`_windows.go`) and its line `//go:build`; the processor is
 * not known here, so any will do.
 */
export function isBuilt(name: string, text: string): boolean {
  if (!isOurs(name)) return false;
  const constraint = /^\/\/go:build (.+)$/m.exec(beforePackage(text))?.[1];
  return constraint === undefined || (constraint.length <= MAX_LENGTH && holds(constraint));
}

/** Of a line that anybody would write. */
const MAX_LENGTH = 1000;

const SYSTEMS = [
  'aix',
  'android',
  'darwin',
  'dragonfly',
  'freebsd',
  'illumos',
  'ios',
  'js',
  'netbsd',
  'openbsd',
  'plan9',
  'solaris',
  'wasip1',
  'windows',
];

const isOurs = (name: string): boolean => {
  const words = name.replace(/\.go$/, '').split('_').slice(1);
  return words.at(-1) !== 'test' && !words.slice(-2).some((word) => SYSTEMS.includes(word));
};

const beforePackage = (text: string): string => text.slice(0, text.search(/^package\s/m));

const TRUE_TAGS = /^(linux|unix|cgo|gc|heroku|amd64|arm64|go1\.\d+)$/;

/** `linux && (cgo || !ignore)`: brackets inside out, each to `true` or `false`. */
function holds(constraint: string): boolean {
  let rest = constraint.replace(/[\w.]+/g, (tag) => String(TRUE_TAGS.test(tag)));
  for (let before = ''; rest !== before;) {
    before = rest;
    rest = rest.replace(/\(([^()]*)\)/g, (_brackets, inner: string) => String(simple(inner)));
  }
  return simple(rest);
}

const simple = (expression: string): boolean =>
  expression
    .split('||')
    .some((all) => all.split('&&').every((term) => /^\s*(!\s*!\s*)*(true|!\s*false)\s*$/.test(term)));
