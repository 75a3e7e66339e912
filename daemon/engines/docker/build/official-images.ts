import type { Language } from '../../../../buildpacks/plan.js';

/** The official images of a language: what they are called, and where they tell their version. */
export interface OfficialImages {
  /** Released lines, the one to take first at the front. */
  readonly lines: readonly string[];
  /** The image of a line, or of one version. */
  readonly image: (tag: string) => string;
  /** The variable in which they tell their version; null: they tell none. */
  readonly variable: string | null;
}

const NODE: OfficialImages = {
  // Long-term support lines.
  lines: ['24', '22', '20'],
  image: (tag) => `node:${tag}-slim`,
  variable: 'NODE_VERSION',
};

/** Lines of Java with long-term support. */
const JAVA_LINES = ['21', '25', '17', '11', '8'];

/**
 * All on Debian bookworm, so that what one of them compiles runs on another. The images of compilers are the large ones, which
 * have the usual C libraries for native code.
 */
export const OFFICIAL_IMAGES: Readonly<Record<Language, OfficialImages>> = {
  node: NODE,
  // A plain Procfile may say `node server.js`, and finds the host's Node.js on the embedded engine; so it does here.
  none: NODE,
  python: {
    lines: ['3.13', '3.14', '3.12', '3.11', '3.10'],
    image: (tag) => `python:${tag}-slim-bookworm`,
    variable: 'PYTHON_VERSION',
  },
  go: {
    lines: ['1.26', '1.25', '1.24'],
    image: (tag) => `golang:${tag}-bookworm`,
    variable: 'GOLANG_VERSION',
  },
  java: {
    lines: JAVA_LINES,
    image: (tag) => `maven:3-eclipse-temurin-${tag}`,
    variable: 'JAVA_VERSION',
  },
  jre: { lines: JAVA_LINES, image: (tag) => `eclipse-temurin:${tag}-jre`, variable: 'JAVA_VERSION' },
  rust: { lines: ['1'], image: (tag) => `rust:${tag}-bookworm`, variable: 'RUST_VERSION' },
  // Heroku's own stack, with and without what buildpacks compile with.
  heroku: { lines: ['24'], image: (tag) => `heroku/heroku:${tag}`, variable: null },
  'heroku-build': { lines: ['24'], image: (tag) => `heroku/heroku:${tag}-build`, variable: null },
  // With certificate authorities and OpenSSL, which a compiled program expects of its system.
  system: { lines: ['bookworm'], image: (tag) => `buildpack-deps:${tag}-curl`, variable: null },
};
