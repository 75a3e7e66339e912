import type { Source } from '../../api/sources.js';
import type { Context } from '../context.js';
import { bytes } from '../output/bytes.js';
import { visible } from '../output/sanitise.js';
import { pack } from './pack.js';
import { scan, type SourceTree } from './scan.js';

/** The folder's source, with what was left out said. */
export async function sourceOf(context: Context, folder: string): Promise<SourceTree> {
  const tree = await scan(folder);
  if (tree.leftOut.length > 0) {
    context.output.warn(`Left out, being no plain files: ${tree.leftOut.map(visible).join(', ')}`);
  }
  return tree;
}

/** Sends a source to tfkd and answers the address by which a build finds it. */
export async function upload(context: Context, tree: SourceTree): Promise<string> {
  const size = `${tree.files.length} file${tree.files.length === 1 ? '' : 's'}, ${bytes(tree.bytes)}`;
  return context.output.action(`Sending ${size}`, async () => {
    const { source_blob } = await context.client.post<Source>('/sources');
    await context.client.upload(source_blob.put_url, await pack(tree));
    return source_blob.get_url;
  });
}
