/** Does a requirement name a file of the source: `a @ file:./a`? */
export const isFileRequirement = (text: string): boolean => /@\s*file:/.test(text);

/** Is it a folder rather than an address? Of what a variable says nothing is known. */
export const isFolderUrl = (url: string): boolean =>
  url.startsWith('file:') || !(url.includes('://') || url.startsWith('$'));
