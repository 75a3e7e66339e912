import type { SourceTree } from '../../../buildpacks/source.js';

/** A source of these files; a value that is no text is written as JSON. */
export function aTree(files: Readonly<Record<string, unknown>>): SourceTree {
  const paths = Object.keys(files);
  return {
    has: (path) => paths.some((file) => file === path || file.startsWith(`${path}/`)),
    read: (path) => {
      if (!Object.hasOwn(files, path)) return null;
      const content = files[path];
      return typeof content === 'string' ? content : JSON.stringify(content);
    },
    list: (folder) => {
      const prefix = folder === '' ? '' : `${folder}/`;
      const below = paths
        .filter((path) => path.startsWith(prefix))
        .map((path) => path.slice(prefix.length).split('/'));
      return [
        ...new Set(below.map(([first = '', ...rest]) => (rest.length > 0 ? `${first}/` : first))),
      ].sort();
    },
  };
}
