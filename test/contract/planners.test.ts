import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PlanError } from '../../buildpacks/planner.js';
import { planners } from '../../buildpacks/registry.js';
import { aTree } from '../unit/buildpacks/tree.js';

const fileNames = [
  'package.json',
  'Procfile',
  'package-lock.json',
  'yarn.lock',
  'pnpm-workspace.yaml',
  '.yarnrc.yml',
  'server.js',
  'Dockerfile',
  'heroku.yml',
  'index.html',
  'static.json',
  'go.mod',
  'main.go',
  'Cargo.toml',
  'rust-toolchain',
  'src/main.rs',
  'pom.xml',
  'system.properties',
];
const context = { config: {}, images: true };
const sources = fc.dictionary(
  fc.constantFrom(...fileNames),
  fc.oneof(fc.string(), fc.jsonValue(), fc.constant('')),
);

describe.each(planners.map((planner) => [planner.name, planner] as const))(
  'the planner %s',
  (name, planner) => {
    test('answers a JSON plan or a PlanError for whatever it detects, the same each time', () => {
      fc.assert(
        fc.property(sources, (files) => {
          const source = aTree(files);
          if (!planner.detect(source, context)) return;
          const attempt = (): unknown => {
            try {
              return planner.plan(source, context);
            } catch (error) {
              if (error instanceof PlanError) return error.message;
              throw error;
            }
          };
          const first = attempt();
          expect(attempt()).toEqual(first);
          expect(JSON.parse(JSON.stringify(first))).toEqual(first);
        }),
      );
    });

    test('names itself in its plans, its steps once each, and says what it looks for', () => {
      const source = aTree({
        'package.json': { dependencies: { a: '1' }, scripts: { build: 'x' } },
        Procfile: 'web: x',
        Dockerfile: 'FROM scratch',
        'go.mod': 'module a',
        'Cargo.toml': '[package]\nname = "a"',
        'src/main.rs': '',
        'pom.xml': '<project/>',
        'main.go': 'package main',
      });
      const plan = planner.plan(source, context);
      const steps = plan.steps.map((step) => step.name);
      expect(plan.planner).toBe(name);
      expect(new Set(steps).size).toBe(steps.length);
      expect(planner.looksFor).not.toBe('');
    });

    test('does not detect an empty source', () => {
      expect(planner.detect(aTree({}), context)).toBe(false);
    });
  },
);
