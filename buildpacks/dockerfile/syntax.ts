/** Is that Docker's own syntax, which every engine brings in some version? `image` is what a `# syntax=` line names. */
export const isOfficialSyntax = (image: string): boolean =>
  /^(docker\.io\/)?docker\/dockerfile(:|@|$)/.test(image);
