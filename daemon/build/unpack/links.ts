import { Refusal, quoted } from './refusal.js';

/** Path → what lies there; only links have a target. */
export type Nodes = ReadonlyMap<
  string,
  { readonly type: 'file' | 'folder' | 'link'; readonly target?: string }
>;

const MAX_HOPS = 40;

/**
 * Refuses each symbolic link that leads out of the tree, also by way of other links, or in circles. Works on the recorded
 * tree, not on the disk. A link to nothing inside the tree is harmless and stays.
 */
export function refuseEscapingLinks(nodes: Nodes): void {
  for (const [path, node] of nodes) {
    if (node.type === 'link' && node.target !== undefined) follow(nodes, path, node.target);
  }
}

function follow(nodes: Nodes, path: string, target: string): void {
  const at = path.split('/').slice(0, -1);
  const ahead = target.split('/');
  let hops = 0;
  for (let part = ahead.shift(); part !== undefined; part = ahead.shift()) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      if (at.pop() === undefined) {
        throw new Refusal(`the link ${quoted(path)} leads out of the source, to ${quoted(target)}`);
      }
      continue;
    }
    const link = nodes.get([...at, part].join('/'));
    if (link?.type !== 'link' || link.target === undefined) {
      at.push(part);
      continue;
    }
    if (++hops > MAX_HOPS) throw new Refusal(`the link ${quoted(path)} leads in circles`);
    ahead.unshift(...link.target.split('/'));
  }
}
