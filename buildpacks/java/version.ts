import type { Runtime } from '../plan.js';
import { PlanError } from '../planner.js';
import type { Pom } from './pom.js';

export interface SystemProperties {
  /** As it is written: `17`, `17.0.5`, `1.8`, `openjdk-17`. */
  readonly java: string | null;
  readonly maven: string | null;
}

export function readSystemProperties(text: string | null): SystemProperties {
  const valueOf = (name: string): string | null =>
    new RegExp(`^[ \\t]*${name}[ \\t]*[=:][ \\t]*(\\S+)`, 'm').exec(text ?? '')?.[1] ?? null;
  return { java: valueOf('java\\.runtime\\.version'), maven: valueOf('maven\\.version') };
}

/** The line of Java that system.properties names; else what pom.xml compiles for, or newer. */
export function javaRange({ java }: SystemProperties, pom: Pom): Pick<Runtime, 'range' | 'asked'> {
  if (java !== null) return lineOf(java);
  const least = /^(?:1\.)?(\d+)$/.exec(pom.javaVersion ?? '')?.[1];
  if (least === undefined) return { range: null, asked: null };
  return { range: `>=${least}.0.0`, asked: `pom.xml compiles for Java ${least}` };
}

/** A whole version is the least of its line: Java's updates are there to be taken. */
function lineOf(written: string): Pick<Runtime, 'range' | 'asked'> {
  const asked = `system.properties asks for Java ${written}`;
  const [, major, minor, patch] =
    /^(?:[a-z]+-)?(?:1\.)?(\d+)(?:\.(\d+))?(?:[._](\d+))?(?:[.+_-].*)?$/.exec(written) ?? [];
  if (major === undefined)
    throw new PlanError(
      `${asked}, which is no version of Java.`,
      'Write a version such as `java.runtime.version=21` into system.properties.',
    );
  const whole = minor !== undefined && patch !== undefined;
  return { range: whole ? `>=${major}.${minor}.${patch} <${Number(major) + 1}` : `${major}.x`, asked };
}
