import { delimiter, isAbsolute } from 'node:path';

/**
 * The folders of a PATH, without the empty and relative ones, which mean the folder that somebody happens to be in: what
 * lies there must not be run in place of a program that is looked for by its name. Pure.
 */
export const absoluteFolders = (searchPath: string): string[] =>
  searchPath.split(delimiter).filter((folder) => isAbsolute(folder));
