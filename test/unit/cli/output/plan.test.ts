import { expect, it } from 'vitest';
import { Paint } from '../../../../cli/output/colour.js';
import { planLines } from '../../../../cli/output/plan.js';

const runtime = { language: 'python', range: null, asked: null } as const;
const plan = {
  planner: 'python',
  label: 'Python',
  runtime,
  tools: [],
  launch_runtime: runtime,
  notes: [],
  warnings: [],
  images: [],
  files: {},
  build_config: [],
  default_process_types: {},
  process_types: { web: 'gunicorn app:app' },
  launch_env: {},
  launch_path: [],
  exclude: [],
  content_hash: 'a',
  dockerfile: null,
};

it('a step is what it runs, when again and what it keeps; scripts of several lines are left out', () => {
  const step = {
    name: 'install',
    title: 'Installing dependencies',
    inputs: ['requirements.txt'],
    commands: [['sh', '-c', 'set -eu\nexec pip "$@"\n', 'pip', 'install', 'a b']],
    env: {},
    caches: {},
    layers: ['.venv'],
  };
  expect(planLines({ ...plan, steps: [step] }, new Paint(false))).toEqual([
    '-----> Python (planner python)',
    '',
    '-----> Installing dependencies',
    "       $ sh -c … pip install 'a b'",
    '       again when these change: requirements.txt',
    '       kept: .venv',
    '',
    '-----> Process types',
    '       web: gunicorn app:app',
  ]);
});
