import { anyVersionOf, type Runtime } from '../plan.js';
import { PlanError } from '../planner.js';
import type { SourceTree } from '../source.js';
import type { Project } from './project.js';
import { semverRange } from './specifiers.js';

/** Which Python the source asks for: the first of the places where Heroku and the tools look. */
export function pythonRuntime(source: SourceTree, project: Project): Runtime {
  return (
    byRuntimeTxt(source) ??
    byPythonVersion(source) ??
    byPipfile(project) ??
    byPyproject(project) ??
    anyVersionOf('python')
  );
}

function byRuntimeTxt(source: SourceTree): Runtime | null {
  if (!source.has('runtime.txt')) return null;
  const text = (source.read('runtime.txt') ?? '').trim();
  const version = /^python-(\d+\.\d+(?:\.\d+)?)$/.exec(text)?.[1];
  if (version !== undefined) return exactly(version, 'runtime.txt');
  throw new PlanError(
    `runtime.txt says ${JSON.stringify(text)}, which is not "python-" with a version.`,
    'Write for example python-3.12 into it, or 3.12 into a file .python-version instead.',
  );
}

function byPythonVersion(source: SourceTree): Runtime | null {
  if (!source.has('.python-version')) return null;
  const lines = (source.read('.python-version') ?? '')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const [version = '', ...others] = lines;
  if (others.length === 0 && /^\d+(\.\d+){0,2}$/.test(version)) return exactly(version, '.python-version');
  const found = lines.length === 0 ? 'names no version' : `says ${JSON.stringify(lines.join(', '))}`;
  throw new PlanError(
    `.python-version ${found}, where one version such as 3.12 or 3.12.4 is expected.`,
    'Write the version alone on a line; comments begin with #.',
  );
}

function byPipfile({ pipfile, pipfileLock }: Project): Runtime | null {
  const [version, file] =
    pipfile?.python == null ? [pipfileLock?.python, 'Pipfile.lock'] : [pipfile.python, 'Pipfile'];
  if (version == null || version === '*') return null;
  if (/^\d+(\.\d+){0,2}$/.test(version)) return exactly(version, file);
  throw new PlanError(
    `${file} asks for Python ${JSON.stringify(version)} in python_version, which is not a version.`,
    'Write for example "3.12".',
  );
}

function byPyproject({ pyproject }: Project): Runtime | null {
  if (pyproject?.python == null) return null;
  const { text, field } = pyproject.python;
  const range = semverRange(text);
  if (range !== null)
    return { language: 'python', range, asked: `pyproject.toml asks for Python ${text} in ${field}` };
  throw new PlanError(
    `pyproject.toml asks for Python ${JSON.stringify(text)} in ${field}, which is no version range.`,
    'Write a range such as ">=3.11" or ">=3.11,<3.14".',
  );
}

function exactly(version: string, file: string): Runtime {
  const range = version.split('.').length === 3 ? version : `${version}.x`;
  return { language: 'python', range, asked: `${file} asks for Python ${version}` };
}
